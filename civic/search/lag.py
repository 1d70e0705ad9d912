"""How far the index is behind, for readers: after an import it lacks much for some minutes, else hardly a second."""

from civic.cache import cached
from civic.db import fetch_one
from civic.search.feed import MAX_TRIES
from civic.search.sql import LAG

UNTOLD_SECONDS = 10.0  # for which a change may wait before readers are told
MAX_COUNTED = 10_000  # above which the number is estimated


@cached(seconds=5)
async def count_waiting_changes() -> int:
    """About how many changes the index lacks; 0 while none has waited for long. Bounded, and kept for five seconds."""
    row = await fetch_one(LAG, MAX_TRIES, MAX_COUNTED)
    if row is None or (row["seconds"] or 0.0) < UNTOLD_SECONDS:
        return 0
    waiting = int(row["counted"] if row["counted"] < MAX_COUNTED else row["span"])
    unit = 10 ** max(len(str(waiting)) - 2, 0)  # two digits of an estimate are enough
    return waiting if waiting < MAX_COUNTED else round(waiting / unit) * unit
