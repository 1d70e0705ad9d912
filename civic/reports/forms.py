"""What a citizen sends: `text category lat lon address email photos… answers[CODE] client_key` (form or JSON)."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from civic.catalogue.catalogue import Catalogue, CategoryView, Question
from civic.i18n import gettext as _
from civic.posts.forms import Position, Reading, clean_text

ANSWER = re.compile(r"answers\[([\w-]{1,64})\]")
MAX_ANSWER_CHARS = 500


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


def read_report(
    form: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    photos: int,
    found: Position | None,
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
    lat, lon, how = reading.position(found)
    result = ReportInput(
        text=text,
        title=reading.text("title", 200),
        category=category,
        lat=lat,
        lon=lon,
        located_by=how,
        address=reading.text("address", 300),
        email="" if signed_in else reading.email(),
        answers=answers,
        client_key=reading.client_key(),
    )
    reading.close()
    return result


def _category(reading: Reading, catalogue: Catalogue) -> CategoryView | None:
    code = reading.text("category", 64)
    if not code:
        return None
    found = catalogue.category_by_code.get(code)
    if found is None:
        reading.errors["category"] = _("This category does not exist.")
    return found


def read_answers(form: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers as typed: from `answers[CODE]` fields, or from the object `answers` of a JSON body."""
    nested = form.get("answers")
    if isinstance(nested, dict):
        return {str(code): [clean_text(v) for v in _listed(value)] for code, value in nested.items()}
    pairs: Iterable[tuple[str, Any]] = form.multi_items() if isinstance(form, FormData) else form.items()
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        if match := ANSWER.fullmatch(name):
            typed.setdefault(match[1], []).append(clean_text(value))
    return typed


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _answers(reading: Reading, category: CategoryView | None) -> dict[str, Any]:
    """Answers to the category's questions, typed; answers to questions that it does not ask are left out."""
    typed = read_answers(reading.form)
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
            return value[:MAX_ANSWER_CHARS]
