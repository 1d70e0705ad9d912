"""What somebody says of a service: `stars text photos… client_key` (form or JSON)."""

from typing import Annotated

from pydantic import BeforeValidator

from civic.forms import Form, read_text
from civic.i18n import gettext as _
from civic.posts.forms import ClientKey, PostText


def read_stars(value: object) -> int:
    """One to five. Raises ValueError."""
    stars = read_text(value)
    if stars not in ("1", "2", "3", "4", "5"):
        raise ValueError(_("Please choose one to five stars."))
    return int(stars)


class RatingForm(Form):
    stars: Annotated[int, BeforeValidator(read_stars)]
    text: PostText = ""
    client_key: ClientKey = None
