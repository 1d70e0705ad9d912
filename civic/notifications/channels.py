"""The channels by which messages leave Civic: each is a class like `Channel`, registered in civic/composition.py."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from civic.city.queries import CityView
from civic.config import Config
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText


class MessageRefused(Exception):
    """The other side takes this message never. The text is its answer, without anybody's address."""


class MessagePutOff(Exception):
    """The other side is away, or takes the message later, or did not say whether it took it. The text says why."""


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
        """Send it, outside of a transaction; False if it must not be sent. Raises MessageRefused and MessagePutOff;
        what else it raises is tried again, too, fewer times."""
        ...

    async def close(self) -> None:
        """Close what it keeps open."""
        ...


_registered: list[Channel] = []


def register_channels(channels: Iterable[Channel]) -> None:
    """Let messages leave by these channels, and by no others."""
    _registered[:] = channels


def registered_channels() -> Sequence[Channel]:
    return tuple(_registered)


async def close_channels() -> None:
    """The program ends, or starts anew: let no connection stay."""
    for channel in _registered:
        await channel.close()
