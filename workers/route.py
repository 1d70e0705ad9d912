"""Give cases to their departments: those whose jobs are taken from the queue together, all at once."""

import asyncio
from typing import Any

from civic import logs
from civic.jobs.actions import Job
from civic.reports.actions import route_case, route_cases

JOB = Job.ROUTE
GATHER_SECONDS = 0.05  # for which the first of some jobs waits for the others

log = logs.get_logger(__name__)

_round: asyncio.Task[None] | None = None  # which the next case joins
_case_ids: set[int] = set()


async def handle(payload: dict[str, Any]) -> None:
    """Route a case with those of other jobs; where that fails by itself: only the job whose fault it is fails then."""
    try:
        await asyncio.shield(_join_round(payload["case"]))
    except Exception as error:
        log.warning("cases are routed one by one", kind=type(error).__name__)
        await route_case(payload["case"])


def _join_round(case_id: int) -> asyncio.Task[None]:
    global _round
    if _round is None or _round.done():
        _case_ids.clear()
        _round = asyncio.create_task(_route_round())
    _case_ids.add(case_id)
    return _round


async def _route_round() -> None:
    global _round
    await asyncio.sleep(GATHER_SECONDS)
    case_ids, _round = sorted(_case_ids), None
    _case_ids.clear()
    await route_cases(case_ids)
