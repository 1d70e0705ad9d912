"""What a citizen sends: `text category lat lon address email photos… answers[CODE] client_key` (form or JSON)."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from civic.departments.catalogue import Catalogue, CategoryView, Question
from civic.errors import Invalid
from civic.i18n import gettext as _

LOCATED_BY = ("photo", "device", "pin", "address")
EMAIL = re.compile(r"[^@\s<>\"']{1,64}@[^@\s<>\"']{1,180}\.[^@\s.<>\"']{2,63}")
CLIENT_KEY = re.compile(r"[\w.:-]{8,64}", re.ASCII)
ANSWER = re.compile(r"answers\[([\w-]{1,64})\]")
ANSWER_LENGTH = 500


@dataclass(frozen=True)
class ReportInput:
    """A report that can be posted. `answers` maps a question's code to text, number, bool or a list of codes."""

    text: str
    title: str
    category: CategoryView | None
    lat: float
    lon: float
    located_by: str
    address: str
    email: str
    answers: dict[str, Any]
    client_key: str | None


@dataclass
class Reading:
    """A form being read: problems are collected, so that all are told at once."""

    form: Mapping[str, Any]
    errors: dict[str, object] = field(default_factory=dict)

    def text(self, name: str, longest: int) -> str:
        value = self.form.get(name)
        text = "" if value is None else str(value).replace("\r\n", "\n").replace("\x00", "").strip()
        if len(text) > longest:
            self.errors[name] = _("Please write at most %(n)s characters.", n=longest)
        return text

    def degrees(self, name: str, most: float) -> float | None:
        text = self.text(name, 40)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) <= most:
            self.errors["place"] = _("We could not read this position.")
            return None
        return value


def read_report(
    form: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    photos: int,
    found: tuple[float, float, str] | None,
    longest: int,
    signed_in: bool,
) -> ReportInput:
    """The report that a form describes. `found` is a position from elsewhere (lat, lon, how): a photo, an address.

    Raises Invalid with every field that is wrong: text, category, place, photos, email, answers[CODE], client_key.
    """
    reading = Reading(form)
    category = _category(reading, catalogue)
    text = reading.text("text", longest)
    if not text and not (photos and category):
        reading.errors["text"] = _("Please say in a sentence what is wrong.")
    if category and category.photo_required and not photos:
        reading.errors["photos"] = _("Reports of this kind need a photo.")
    answers = _answers(reading, category)
    lat, lon, how = _position(reading, found)
    result = ReportInput(
        text=text,
        title=reading.text("title", 200),
        category=category,
        lat=lat,
        lon=lon,
        located_by=how,
        address=reading.text("address", 300),
        email="" if signed_in else _email(reading),
        answers=answers,
        client_key=_client_key(reading),
    )
    if reading.errors:
        raise Invalid(fields=reading.errors)
    return result


def _category(reading: Reading, catalogue: Catalogue) -> CategoryView | None:
    code = reading.text("category", 64)
    if not code:
        return None
    found = catalogue.category_by_code.get(code)
    if found is None:
        reading.errors["category"] = _("This category does not exist.")
    return found


def _position(reading: Reading, found: tuple[float, float, str] | None) -> tuple[float, float, str]:
    lat, lon = reading.degrees("lat", 90), reading.degrees("lon", 180)
    if lat is not None and lon is not None:
        how = reading.text("located_by", 10)
        return lat, lon, how if how in LOCATED_BY else "pin"
    if found:
        return found
    reading.errors.setdefault(
        "place", _("Please say where it is: on the map, by an address, or by a photo with its place.")
    )
    return 0.0, 0.0, ""


def _email(reading: Reading) -> str:
    email = reading.text("email", 254).lower()
    if email and not EMAIL.fullmatch(email):
        reading.errors["email"] = _("This does not look like an e-mail address.")
    return email


def _client_key(reading: Reading) -> str | None:
    key = reading.text("client_key", 64)
    if key and not CLIENT_KEY.fullmatch(key):
        reading.errors["client_key"] = _(
            "A client key has 8 to 64 letters, digits, dots, colons, dashes or underscores."
        )
    return key or None


def given_answers(form: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers as typed: from `answers[CODE]` fields, or from the object `answers` of a JSON body."""
    nested = form.get("answers")
    if isinstance(nested, dict):
        return {str(code): [str(v) for v in _listed(value)] for code, value in nested.items()}
    pairs: Iterable[tuple[str, Any]] = form.multi_items() if isinstance(form, FormData) else form.items()
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        if match := ANSWER.fullmatch(name):
            typed.setdefault(match[1], []).append(str(value).strip())
    return typed


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _answers(reading: Reading, category: CategoryView | None) -> dict[str, Any]:
    """Answers to the category's questions, typed; answers to questions that it does not ask are left out."""
    typed = given_answers(reading.form)
    answers: dict[str, Any] = {}
    for question in category.questions if category else ():
        values = [v for v in typed.get(question.code, []) if v]
        if not values:
            if question.required:
                reading.errors[f"answers[{question.code}]"] = _("Please answer this question.")
            continue
        try:
            answers[question.code] = _answer(question, values)
        except ValueError as error:
            reading.errors[f"answers[{question.code}]"] = str(error)
    return answers


def _answer(question: Question, values: list[str]) -> Any:
    """One answer as its kind says. Raises ValueError with a text for the reader."""
    value = values[0]
    known = {option.code for option in question.options}
    match question.kind:
        case "number":
            try:
                number = float(value)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise ValueError(_("Please write a number."))
            return number
        case "yes_no":
            return value.lower() in ("yes", "true", "1", "on")
        case "date":
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                raise ValueError(_("Please write a date as year-month-day.")) from None
        case "choice" | "choices":
            chosen = values if question.kind == "choices" else [value]
            if not set(chosen) <= known:
                raise ValueError(_("Please choose from the list."))
            return chosen if question.kind == "choices" else value
        case _:
            return value[:ANSWER_LENGTH]
