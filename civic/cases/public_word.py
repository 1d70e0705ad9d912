"""What a public text has to say at the least, wherever one is required (CLOCK-AND-SCORES 2)."""

from civic.cases.change import clean_text
from civic.errors import Invalid
from civic.forms import check_public_word


def read_public_word(text: str, *, required: bool = True) -> str:
    """Return the text as it is kept: one that says enough, or "" if it is not required and nothing was written.

    Raises Invalid (field "text") with the reason.
    """
    kept = clean_text(text, required=required)
    try:
        return check_public_word(kept) if kept else ""
    except ValueError as error:
        raise Invalid(fields={"text": str(error)}) from None
