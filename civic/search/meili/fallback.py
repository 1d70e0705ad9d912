"""Meilisearch's answer, where it can be relied on."""

from civic.metrics import search_fallbacks
from civic.search.documents import Query
from civic.search.meili.client import EngineDown, Meili
from civic.search.meili.multi_search import RankedHits
from civic.search.meili.queue import too_far_behind

BEHIND = "behind"  # the reason, where it lacks changes that are older than a minute


async def answer(meili: Meili, query: Query) -> RankedHits | None:
    """What Meilisearch finds; None where PostgreSQL has to answer instead, which is counted with its reason."""
    try:
        if not await too_far_behind():
            return await meili.find(query)
        reason = BEHIND
    except EngineDown as trouble:
        reason = trouble.state.value
    search_fallbacks.labels(reason).inc()
    return None
