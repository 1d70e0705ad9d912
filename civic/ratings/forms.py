"""What somebody says of a service: `stars text photos… client_key` (form or JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civic.i18n import gettext as _
from civic.posts.forms import Reading


@dataclass(frozen=True)
class RatingInput:
    stars: int  # 1 to 5
    text: str
    client_key: str | None


def read_rating(form: Mapping[str, Any], *, longest: int) -> RatingInput:
    """The rating that a form describes. Raises Invalid with every field that is wrong: stars, text, client_key."""
    reading = Reading(form)
    stars = reading.text("stars", 10)
    if stars not in ("1", "2", "3", "4", "5"):
        reading.errors["stars"] = _("Please choose one to five stars.")
    text = reading.text("text", longest)
    client_key = reading.client_key()
    reading.close()
    return RatingInput(int(stars), text, client_key)
