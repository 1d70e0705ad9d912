"""What somebody on the road sends: `kind lat lon address text photos… client_key` (form or JSON)."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from civic.forms import read_text
from civic.i18n import gettext as _
from civic.posts.forms import ClientKey, PlacedForm, PostText
from civic.traffic.models import TrafficKind

MAX_TEXT_CHARS = 500  # of the sentence, unless the city allows even fewer


def _read_kind(value: object) -> TrafficKind:
    kind = read_text(value)
    if kind not in list(TrafficKind):
        raise ValueError(_("Please say what it is."))
    return TrafficKind(kind)


class UpdateForm(PlacedForm):
    """A traffic update. `address` is the place in its author's words."""

    kind: Annotated[TrafficKind, BeforeValidator(_read_kind)]
    text: Annotated[PostText, Field(max_length=MAX_TEXT_CHARS)] = ""
    client_key: ClientKey = None
