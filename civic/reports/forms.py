"""What a citizen sends: `text category lat lon address email photos… answers[CODE] client_key` (form or JSON)."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import InitErrorDetails
from starlette.datastructures import FormData

from civic.catalogue.catalogue import Catalogue, CategoryView, Helper, Question
from civic.catalogue.queries import NearAsset
from civic.forms import Form, Text, clean_text, context_of, read_text
from civic.geo.shapes import Shape, read_shape
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.numbers import is_grouped, parse_number
from civic.posts.forms import ClientKey, PlacedForm, PostText, ReporterEmail

ANSWER_FIELD = re.compile(r"answers\[([\w-]{1,64})\]")
MAX_ANSWER_CHARS = 500
MAX_TITLE_CHARS = 200
FILES: dict[str, Any] = {"type": ["array", "null"], "items": {"type": "string", "format": "binary"}}  # for OpenAPI

Answer = str | float | bool | list[str]


def _stars_or_none(value: object) -> int | None:
    return int(str(value)) if str(value) in ("1", "2", "3", "4", "5") else None


class ReportForm(PlacedForm):
    """A report. `answers` maps the code of a question to text, number, bool or a list of codes.

    The context's `catalogue` has the categories. `photos` is how many were taken in; None: nobody counted, and nothing
    is asked of them.
    """

    category: Annotated[InstanceOf[CategoryView] | None, WithJsonSchema({"type": ["string", "null"]})] = None
    photos: Annotated[int | None, WithJsonSchema(FILES)] = None
    text: PostText = ""
    title: Annotated[Text, Field(max_length=MAX_TITLE_CHARS)] = ""
    asset: Annotated[InstanceOf[NearAsset] | None, WithJsonSchema({"type": ["string", "null"]})] = None
    answers: dict[str, Answer] = {}
    email: ReporterEmail = ""
    client_key: ClientKey = None
    shape: Annotated[Shape | None, WithJsonSchema({"type": ["object", "string", "null"]})] = None

    @field_validator("shape", mode="before")
    @classmethod
    def _read_shape(cls, value: object, info: ValidationInfo) -> Shape | None:
        """What the context's `areas` hold; a category that asks for a point alone has none."""
        category: CategoryView | None = info.data.get("category")
        if category is None or info.context is None:
            return None
        return read_shape(value, category.shape, context_of(info)["areas"])

    @field_validator("category", mode="before")
    @classmethod
    def _find_category(cls, value: object, info: ValidationInfo) -> CategoryView | None:
        if isinstance(value, CategoryView):
            return value
        code = read_text(value)
        if not code:
            return None
        catalogue: Catalogue = context_of(info)["catalogue"]
        if code not in catalogue.category_by_code:
            raise ValueError(_("This category does not exist."))
        category = catalogue.category_by_code[code]
        if category.instead is not None:
            raise ValueError(say_who_helps(category.instead))
        return category

    @field_validator("asset", mode="before")
    @classmethod
    def _find_asset(cls, value: object, info: ValidationInfo) -> NearAsset | None:
        """The context's `asset` is the thing with the number; a category without numbered things has none."""
        if isinstance(value, NearAsset):
            return value
        category: CategoryView | None = info.data.get("category")
        if category is None or not category.assets or not read_text(value):
            return None
        asset: NearAsset | None = context_of(info)["asset"]
        if asset is None:
            raise ValueError(_("We know nothing with this number. Please check it, or leave it empty."))
        return asset

    @field_validator("photos")
    @classmethod
    def _need_photo(cls, count: int | None, info: ValidationInfo) -> int | None:
        category: CategoryView | None = info.data.get("category")
        if category and category.photo_required and count == 0:
            raise ValueError(_("Reports of this kind need a photo."))
        return count

    @field_validator("text")
    @classmethod
    def _need_text(cls, text: str, info: ValidationInfo) -> str:
        """A photo says enough only together with a category."""
        if info.context is None:
            return text
        enough = info.data.get("photos") and info.data.get("category")
        if not text and not enough:
            raise ValueError(_("Please say in a sentence what is wrong."))
        return text

    @field_validator("answers", mode="before")
    @classmethod
    def _read_answers(cls, value: dict[str, object], info: ValidationInfo) -> dict[str, Answer]:
        """Answers to the category's questions, as far as they are asked; answers to others are left out."""
        category: CategoryView | None = info.data.get("category")
        given = {code: [clean_text(one) for one in _listed(values)] for code, values in value.items()}
        answers: dict[str, Answer] = {}
        errors: list[InitErrorDetails] = []
        chosen: dict[str, list[str]] = {}  # of the questions before
        for question in category.questions if category else ():
            if not question.applies(chosen):
                continue
            try:
                values = [one for one in given.get(question.code, ()) if one]
                if question.required and not values and info.context is not None:
                    raise ValueError(_("Please answer this question."))
                if values:
                    answers[question.code] = _answer(question, values)
                    chosen[question.code] = _codes(answers[question.code])
            except ValueError as error:
                errors.append({"type": "value_error", "loc": (question.code,), "ctx": {"error": error}, "input": None})
        if errors:
            raise ValidationError.from_exception_data("answers", errors)
        return answers


class FollowUpForm(Form):
    """What a reporter or a supporter says of a report later: `text stars`. Stars that are none are left out."""

    text: PostText = ""
    stars: Annotated[int | None, BeforeValidator(_stars_or_none)] = None


def read_answers(form: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers as typed: from `answers[CODE]` fields, or from the object `answers` of a JSON body."""
    nested = form.get("answers")
    if isinstance(nested, dict):
        return {str(code): [clean_text(one) for one in _listed(value)] for code, value in nested.items()}
    pairs: Iterable[tuple[str, Any]] = form.multi_items() if isinstance(form, FormData) else form.items()
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        if match := ANSWER_FIELD.fullmatch(name):
            typed.setdefault(match[1], []).append(clean_text(value))
    return typed


def say_who_helps(helper: Helper) -> str:
    """That this is not the city's, and who can help."""
    reached = " · ".join(filter(None, (helper.phone, helper.url)))
    return _("The city cannot solve this. %(who)s can help: %(contact)s", who=pick(helper.names), contact=reached)


def _codes(answer: Answer) -> list[str]:
    """An answer as the codes on which other questions depend."""
    if isinstance(answer, bool):
        return ["yes" if answer else "no"]
    return [str(one) for one in (answer if isinstance(answer, list) else [answer])]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _answer(question: Question, values: list[str]) -> Answer:
    """One answer as its kind says. Raises ValueError with a text for the reader."""
    match question.kind:
        case "number":
            return _number(values[0])
        case "yes_no":
            return values[0].lower() in ("yes", "true", "1", "on")
        case "date":
            try:
                return date.fromisoformat(values[0]).isoformat()
            except ValueError:
                raise ValueError(_("Please write a date as year-month-day.")) from None
        case "choice" | "choices":
            chosen = values if question.kind == "choices" else values[:1]
            if not set(chosen) <= {option.code for option in question.options}:
                raise ValueError(_("Please choose from the list."))
            return chosen if question.kind == "choices" else chosen[0]
        case _:
            return values[0][:MAX_ANSWER_CHARS]


def _number(text: str) -> float:
    if is_grouped(text):
        raise ValueError(_("Please write the number without a sign that groups its digits."))
    try:
        return parse_number(text)
    except ValueError:
        raise ValueError(_("Please write a number.")) from None
