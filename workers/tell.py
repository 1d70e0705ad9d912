"""Tell a case's reporters what happened."""

from typing import Any

from civic.jobs.actions import Job
from civic.reports.actions import tell_reporters

JOB = Job.TELL


async def handle(payload: dict[str, Any]) -> None:
    await tell_reporters(payload["event"])
