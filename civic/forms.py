"""What people type: one pydantic model for each form, with its errors by field and in the reader's language.

A validator raises ValueError with a text for the reader. Errors of pydantic's own kinds get their text here.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from civic.errors import Invalid
from civic.i18n import gettext as _
from civic.text import clean_lines, is_public_word


class Form(BaseModel):
    """What somebody sent: the fields of a form, or of the JSON object that a program sends. Unknown fields are ignored.

    Validation gets what it needs besides the fields (limits, the catalogue) as its context. A form that a program
    builds itself, without a context, is checked by its types alone.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, validate_default=True, hide_input_in_errors=True)

    # The field of the page that shows the error of a field of the model.
    error_fields: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def read(cls, values: Mapping[str, Any], **context: Any) -> Self:
        """The form with these fields. Raises Invalid with every field that is wrong.

        What is not sent, as by a browser where nothing is chosen, is read as empty: the field says what it needs.
        """
        empty = {name: None for name, field in cls.model_fields.items() if field.is_required()}
        try:
            return cls.model_validate({**empty, **values}, context=context)
        except ValidationError as error:
            raise Invalid(fields=cls._messages(error.errors(include_url=False, include_input=False))) from None

    @classmethod
    def _messages(cls, errors: Iterable[ErrorDetails]) -> dict[str, object]:
        messages: dict[str, object] = {}
        for error in errors:
            name, *keys = map(str, error["loc"])
            field = cls.error_fields.get(name, name) + "".join(f"[{key}]" for key in keys)
            messages.setdefault(field, _message(error))
        return messages


def _message(error: ErrorDetails) -> str:
    """The text for the reader."""
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "string_too_long":
            return _("Please write at most %(n)s characters.", n=context["max_length"])
        case _:
            return _("This could not be read.")


def context_of(info: ValidationInfo) -> Mapping[str, Any]:
    """What `Form.read` was given besides the fields; empty for a form that the program builds itself."""
    return info.context or {}


def clean_text(value: object) -> str:
    """What was sent for a text, as it is kept (`clean_lines`)."""
    return "" if value is None else clean_lines(str(value))


def read_text(value: object) -> str:
    """`clean_text` of what a form or a JSON body has for a text. Raises ValueError for a file, a list, an object."""
    if not isinstance(value, str | int | float | None):
        raise ValueError(_("This has to be a text."))
    return clean_text(value)


Text = Annotated[str, BeforeValidator(read_text)]


def check_public_word(text: str) -> str:
    """The text, if it says enough to stand as a public word. Raises ValueError with a text for the reader."""
    if not is_public_word(text):
        raise ValueError(
            _(
                "Please say a little more: everybody reads this, so it needs at least ten letters or "
                "digits (four in Chinese, Japanese or Korean). Punctuation and spaces do not count."
            )
        )
    return text
