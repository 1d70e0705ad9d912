"""Tell a case's reporters what happened."""

from typing import Any

from civic.jobs.actions import Job
from civic.reports.actions import notify_reporters

JOB = Job.NOTIFY


async def handle(payload: dict[str, Any]) -> None:
    await notify_reporters(payload["event"])
