"""What the forms of all posts share: the text, a place, an e-mail address, the key under which a form is sent."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from civic.accounts.forms import Typed, clean_email
from civic.forms import Form, Text, check_public_word, context_of, read_text
from civic.geo.positions import parse_degrees
from civic.i18n import gettext as _
from civic.numbers import parse_number
from civic.posts.models import REASONS
from civic.posts.places import LOCATED_BY, FormPlace
from civic.web import CLIENT_KEY, parse_id

MAX_ADDRESS_CHARS = 300
MAX_ACCURACY_METRES = 100_000
MAX_COMMENT_CHARS = 2000
MAX_LINE_CHARS = 32  # of a line's name


def _within_limit(text: str, info: ValidationInfo) -> str:
    """The length that the city allows, `max_text` of the context."""
    limit = context_of(info).get("max_text")
    if limit is not None and len(text) > limit:
        raise ValueError(_("Please write at most %(n)s characters.", n=limit))
    return text


def _read_client_key(value: object) -> str | None:
    key = read_text(value)
    if key and not CLIENT_KEY.fullmatch(key):
        raise ValueError(_("A client key has at most 64 letters, digits, dots, colons, dashes or underscores."))
    return key or None


def _read_email(value: object) -> str:
    typed = read_text(value)
    if not typed:
        return ""
    try:
        email = clean_email(typed)
    except ValueError:
        email = ""
    if "." not in email.rpartition("@")[2]:
        raise ValueError(_("This does not look like an email address."))
    return email


def _read_degrees(value: object, info: ValidationInfo, limit: float) -> float:
    place: FormPlace | None = context_of(info).get("place")
    if place and place.error:
        raise ValueError(place.error)
    text = read_text(value)
    if not text:
        raise ValueError(
            _("Please say where it is: on the map, with an address, or with a photo that has its location.")
        )
    try:
        return parse_degrees(text, limit)
    except ValueError:
        raise ValueError(_("We could not read this position.")) from None


def _read_accuracy(value: object) -> int | None:
    """Metres, rounded up; None for what is no distance on the earth."""
    try:
        metres = parse_number(read_text(value))
    except ValueError:
        return None
    return math.ceil(metres) if 0 < metres <= MAX_ACCURACY_METRES else None


PostText = Annotated[str, BeforeValidator(read_text), AfterValidator(_within_limit)]
ClientKey = Annotated[str | None, BeforeValidator(_read_client_key)]
ReporterEmail = Annotated[str, BeforeValidator(_read_email)]


class PlacedForm(Form):
    """A form that says where: `lat` and `lon`, or the context's `place`, what was found out about it.

    `accuracy`: how exactly a device knew it, in metres; None where nobody's device said it.
    """

    error_fields: ClassVar[Mapping[str, str]] = {"lat": "place", "lon": "place"}

    lat: Annotated[float, BeforeValidator(lambda value, info: _read_degrees(value, info, 90))]
    lon: Annotated[float, BeforeValidator(lambda value, info: _read_degrees(value, info, 180))]
    located_by: str = "pin"
    accuracy: Annotated[int | None, BeforeValidator(_read_accuracy)] = None
    address: Annotated[Text, Field(max_length=MAX_ADDRESS_CHARS)] = ""

    @model_validator(mode="before")
    @classmethod
    def _use_found_position(cls, values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        place: FormPlace | None = context_of(info).get("place")
        if place is None:
            return values
        if values.get("place_text"):
            values = {**values, "address": values["place_text"]}
        return values | dict(zip(("lat", "lon", "located_by"), place.position or (None, None, ""), strict=True))

    @field_validator("accuracy")
    @classmethod
    def _is_of_the_device(cls, metres: int | None, info: ValidationInfo) -> int | None:
        return metres if info.data.get("located_by") == "device" else None

    @field_validator("located_by", mode="before")
    @classmethod
    def _read_located_by(cls, value: object) -> str:
        return value if isinstance(value, str) and value in LOCATED_BY else "pin"


class CommentForm(Form):
    """A comment: `text suggestion department`. With a department it is official, and has to be a public word."""

    suggestion: Annotated[bool, BeforeValidator(bool)] = False
    department: Annotated[int | None, BeforeValidator(parse_id)] = None
    text: Annotated[Text, Field(max_length=MAX_COMMENT_CHARS)] = ""

    @field_validator("text")
    @classmethod
    def _need_text(cls, text: str, info: ValidationInfo) -> str:
        if not text:
            raise ValueError(_("Please write something."))
        if info.data.get("department") is not None:
            check_public_word(text)
        return text


class FlagForm(Form):
    """Why a post, one of its comments, or a line of the history on its page should not be shown."""

    reason: Typed = ""
    text: Typed = ""
    comment: Annotated[int | None, BeforeValidator(parse_id)] = None
    line: Annotated[Text, Field(max_length=MAX_LINE_CHARS)] = ""

    @field_validator("reason")
    @classmethod
    def _check_reason(cls, reason: str) -> str:
        if reason not in REASONS:
            raise ValueError(_("Please choose a reason."))
        return reason
