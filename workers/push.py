"""Send changes of documents to Meilisearch, where there is one, and keep its index as it should be."""

from civic.config import SearchConfig
from civic.search.meili.client import Meili
from civic.search.meili.queue import search_key
from civic.search.meili.sync import MeiliSync, disable
from civic.search.queries import wanted_settings
from workers.runner import config

_follows: tuple[SearchConfig, MeiliSync | None] | None = None  # what this process was told to follow


async def handle_one() -> bool:
    global _follows
    search = config().search
    if _follows is None or _follows[0] != search:
        if _follows and _follows[1]:
            _follows[1].meili.close()
        if not search.url:
            await disable()
        _follows = search, MeiliSync(Meili(search, search_key), wanted_settings) if search.url else None
    return await _follows[1].step() if _follows[1] else False
