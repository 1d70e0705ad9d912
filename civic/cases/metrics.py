"""How many cases are open, late, and without a department."""

from collections.abc import Sequence

from civic import timing
from civic.cache import cached
from civic.cases.sql import COUNT_OPEN
from civic.cases.status import Status, StatusGroup
from civic.db import fetch
from civic.metrics import GaugeReading

OPEN = [status.value for status in Status if status.group is StatusGroup.OPEN]
COUNTED_EVERY_SECONDS = 30.0  # the only figure that takes longer the more is open


@cached(COUNTED_EVERY_SECONDS)
async def measure_cases() -> Sequence[GaugeReading]:
    """Open cases by status, those of them whose promise is past, and those that wait for a dispatcher."""
    rows = {row["status"]: row for row in await fetch(COUNT_OPEN, OPEN, timing.now())}
    untriaged = rows[Status.RECEIVED]["released"] if Status.RECEIVED in rows else 0
    return [
        *(
            GaugeReading("civic_cases_open", "Open cases", rows[one]["n"] if one in rows else 0, {"status": one})
            for one in OPEN
        ),
        GaugeReading("civic_cases_overdue", "Open cases past their promise", sum(r["overdue"] for r in rows.values())),
        GaugeReading("civic_cases_untriaged", "Cases that wait for a dispatcher", untriaged),
    ]
