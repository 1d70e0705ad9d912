"""Mail a message. While the mail server is away or says later, the message waits, longer from try to try."""

from typing import Any

from pgqueuer import RetryRequested

from civic.jobs.actions import Job
from civic.notifications.channels import close_channels
from civic.notifications.delivery import DeliveryPutOff, deliver_message
from workers.runner import config, tries

JOB = Job.DELIVER
# Of all workers together: as many connections to the mail server, and a slow one keeps nobody else's jobs waiting.
AT_ONCE = 4


async def handle(payload: dict[str, Any]) -> None:
    try:
        await deliver_message(payload["message"], config(), tries=tries())
    except DeliveryPutOff as error:
        if error.pause is None:
            raise
        raise RetryRequested(error.pause, reason=str(error)) from error


async def close() -> None:
    """The worker ends: its connections to the mail server, too."""
    await close_channels()
