"""Sending a message by every channel that reaches its recipient, once each. Nothing here waits in a transaction."""

from datetime import timedelta

from civic import formats, i18n, logs, timing
from civic.city.queries import CityView, city
from civic.config import Config
from civic.db import execute
from civic.notifications.channels import Channel, MessagePutOff, MessageRefused, registered_channels
from civic.notifications.models import Delivery, Message
from civic.notifications.rendering import render_message
from civic.notifications.sql import FORGET_CODE, RECORD_DELIVERY

log = logs.get_logger(__name__)

MAX_REFUSAL_CHARS = 300
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)


class DeliveryPutOff(Exception):
    """A channel could not send the message now. `pause`: until the next try; None after the last."""

    def __init__(self, reason: str, pause: timedelta | None) -> None:
        self.pause = pause
        super().__init__(reason)


async def deliver_message(message_id: int, config: Config, *, tries: int = 0) -> bool:
    """Send a message by the channels that have not sent it yet; whether it was sent now. A disabled user gets none.

    What a channel has sent, or what was refused for good, is recorded at once, so that a channel that fails is tried
    again alone. What opens or confirms something is kept no longer than until all have had their turn. `tries`: how
    often it was tried before. Raises DeliveryPutOff.
    """
    message = await Message.get_or_none(id=message_id).select_related("user")
    if message is None or (message.user is not None and message.user.disabled_at is not None):
        return False
    waiting, delivered, put_off = await _waiting_channels(message), False, ""
    view = await city()
    for channel in waiting:
        with i18n.use_language(message_language(message, view)):
            formats.set_zone(view.zone)
            try:
                delivered = await _send(channel, message, view, config) or delivered
            except MessagePutOff as error:
                put_off = put_off or str(error)
    if put_off:
        raise DeliveryPutOff(put_off, _next_pause(tries, config.mail.tries))
    await execute(FORGET_CODE, message.id)
    return delivered


async def _send(channel: Channel, message: Message, view: CityView, config: Config) -> bool:
    """Send a message and record it; whether it was sent."""
    refusal = ""
    try:
        if not await channel.send(message, render_message(message), view, config):
            return False
    except MessageRefused as error:
        refusal = str(error)[:MAX_REFUSAL_CHARS]
        log.warning("message refused", channel=channel.name, message=message.id, why=refusal)
    await execute(RECORD_DELIVERY, message.id, channel.name, timing.now(), refusal)
    return not refusal


def _next_pause(tries: int, most: int) -> timedelta | None:
    """It doubles from try to try, up to a quarter of an hour: so long a server that comes back is not waited for."""
    return None if tries + 1 >= most else min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)


async def _waiting_channels(message: Message) -> list[Channel]:
    sent = {delivery.channel for delivery in await Delivery.filter(message_id=message.id)}
    return [one for one in registered_channels() if one.name not in sent and await one.reaches(message)]


def message_language(message: Message, view: CityView) -> str:
    """The account's language, else the message's, if the city speaks it; else the city's first."""
    for code in (message.user.language if message.user else "", message.language):
        if code in view.languages:
            return code
    return view.languages[0]
