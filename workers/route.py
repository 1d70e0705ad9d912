"""Give a case to a department."""

from typing import Any

from civic.jobs.actions import Job
from civic.reports.actions import route_case

JOB = Job.ROUTE


async def handle(payload: dict[str, Any]) -> None:
    await route_case(payload["case"])
