"""Sending a message by every channel that reaches its recipient, once each. Nothing here waits in a transaction."""

from civic import formats, i18n, timing
from civic.city.queries import CityView, city
from civic.config import Config
from civic.db import execute
from civic.notifications.channels import Channel, registered_channels
from civic.notifications.models import Delivery, Message
from civic.notifications.rendering import render_message
from civic.notifications.sql import FORGET_CODE, RECORD_DELIVERY


async def deliver_message(message_id: int, config: Config) -> bool:
    """Send a message by the channels that have not sent it yet; whether it was sent now. A disabled user gets none.

    What a channel has sent is recorded at once, so that a later channel which fails is tried again alone. What opens or
    confirms something is kept no longer than until all have had their turn.
    """
    message = await Message.get_or_none(id=message_id).select_related("user")
    if message is None or (message.user is not None and message.user.disabled_at is not None):
        return False
    waiting, delivered = await _waiting_channels(message), False
    view = await city()
    for channel in waiting:
        with i18n.use_language(message_language(message, view)):
            formats.set_zone(view.zone)
            sent = await channel.send(message, render_message(message), view, config)
        if sent:
            await execute(RECORD_DELIVERY, message.id, channel.name, timing.now())
            delivered = True
    await execute(FORGET_CODE, message.id)
    return delivered


async def _waiting_channels(message: Message) -> list[Channel]:
    sent = {delivery.channel for delivery in await Delivery.filter(message_id=message.id)}
    return [one for one in registered_channels() if one.name not in sent and await one.reaches(message)]


def message_language(message: Message, view: CityView) -> str:
    """The account's language, else the message's, if the city speaks it; else the city's first."""
    for code in (message.user.language if message.user else "", message.language):
        if code in view.languages:
            return code
    return view.languages[0]
