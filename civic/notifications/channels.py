"""The channels by which messages leave Civic: each is a class like `Channel`, registered in civic/composition.py."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from civic.city.queries import CityView
from civic.config import Config
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText


class Channel(Protocol):
    """A way to somebody: e-mail, say. Sending the same message twice has to be harmless."""

    @property
    def name(self) -> str:
        """At most 12 characters, kept with each delivery."""
        ...

    async def reaches(self, message: Message) -> bool:
        """Whether the recipient can be reached this way, and wants to; `message.user` is loaded."""
        ...

    async def send(self, message: Message, text: MessageText, city: CityView, config: Config) -> bool:
        """Send it, outside of a transaction; False if it must not be sent. What this raises is tried again later."""
        ...


_registered: list[Channel] = []


def register_channels(channels: Iterable[Channel]) -> None:
    """Let messages leave by these channels, and by no others."""
    _registered[:] = channels


def registered_channels() -> Sequence[Channel]:
    return tuple(_registered)
