"""What the forms of all posts share: texts, a position, an e-mail address, the key under which a form is sent."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from civic.accounts.forms import clean_email
from civic.errors import Invalid
from civic.i18n import gettext as _
from civic.text import CONTROL_CHARACTERS

Position = tuple[float, float, str]  # latitude, longitude, how it was found

LOCATED_BY = ("photo", "device", "pin", "address")
CLIENT_KEY = re.compile(r"[\w.:-]{1,64}", re.ASCII)


def clean_text(value: object) -> str:
    """What a field says, as it is kept: line ends are one character, what cannot be seen at its ends is cut off."""
    text = "" if value is None else str(value)
    return CONTROL_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@dataclass
class Reading:
    """A form being read: problems are collected by field, so that all are told at once."""

    form: Mapping[str, Any]
    errors: dict[str, object] = field(default_factory=dict)

    def text(self, name: str, longest: int) -> str:
        value = self.form.get(name)
        if not isinstance(value, str | int | float | None):  # a file, or a list or object of a JSON body
            self.errors[name] = _("This has to be a text.")
            return ""
        text = clean_text(value)
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

    def position(self, found: Position | None) -> Position:
        """The place: `lat` and `lon` of the form, else what was `found` by a photo or an address."""
        lat, lon = self.degrees("lat", 90), self.degrees("lon", 180)
        if lat is not None and lon is not None:
            how = self.text("located_by", 10)
            return lat, lon, how if how in LOCATED_BY else "pin"
        if found:
            return found
        self.errors.setdefault(
            "place", _("Please say where it is: on the map, with an address, or with a photo that has its location.")
        )
        return 0.0, 0.0, ""

    def email(self) -> str:
        typed = self.text("email", 254)
        try:
            email = clean_email(typed) if typed else ""
            if email and "." not in email.rpartition("@")[2]:
                raise ValueError(email)
        except ValueError:
            self.errors["email"] = _("This does not look like an e-mail address.")
            return ""
        return email

    def client_key(self) -> str | None:
        key = self.text("client_key", 64)
        if key and not CLIENT_KEY.fullmatch(key):
            self.errors["client_key"] = _(
                "A client key has at most 64 letters, digits, dots, colons, dashes or underscores."
            )
        return key or None

    def close(self) -> None:
        """Raises Invalid with everything that was wrong."""
        if self.errors:
            raise Invalid(fields=self.errors)
