"""What somebody on the road sends: `kind lat lon address text photos… client_key` (form or JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civic.i18n import gettext as _
from civic.posts.forms import Position, Reading
from civic.traffic.models import TrafficKind

MAX_TEXT_CHARS = 500  # characters of the sentence, unless a post may have even fewer


@dataclass(frozen=True)
class UpdateInput:
    """An update that can be posted."""

    kind: TrafficKind
    text: str
    lat: float
    lon: float
    place: str
    client_key: str | None


def read_update(form: Mapping[str, Any], *, found: Position | None, longest: int) -> UpdateInput:
    """The update that a form describes; `found` is a position from a photo or an address.

    Raises Invalid with every field that is wrong: kind, place, text, address, client_key.
    """
    reading = Reading(form)
    kind = reading.text("kind", 20)
    if kind not in list(TrafficKind):
        reading.errors["kind"] = _("Please say what it is.")
    lat, lon, _how = reading.position(found)
    text = reading.text("text", min(longest, MAX_TEXT_CHARS))
    place = reading.text("address", 300)
    client_key = reading.client_key()
    reading.close()
    return UpdateInput(TrafficKind(kind), text, lat, lon, place, client_key)
