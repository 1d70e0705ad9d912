"""How far the index is behind the database."""

from civic.db import fetch_one
from civic.metrics import GaugeReading
from civic.search.sql import OLDEST_MARK, OLDEST_PUSH


async def measure_index() -> list[GaugeReading]:
    """The age of the oldest change that the index, and that Meilisearch, lacks; 0 when neither lacks one."""
    mark, push = await fetch_one(OLDEST_MARK), await fetch_one(OLDEST_PUSH)
    return [
        GaugeReading(
            "civic_search_mark_age_seconds",
            "Age of the oldest change that the index lacks",
            float(mark["age"] or 0) if mark else 0.0,
        ),
        GaugeReading(
            "civic_search_push_age_seconds",
            "Age of the oldest change that Meilisearch lacks",
            float(push["age"]) if push else 0.0,
        ),
    ]
