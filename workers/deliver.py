"""Mail a message."""

from typing import Any

from civic.jobs.actions import Job
from civic.notifications.delivery import deliver_message
from workers.runner import config

JOB = Job.DELIVER


async def handle(payload: dict[str, Any]) -> None:
    await deliver_message(payload["message"], config())
