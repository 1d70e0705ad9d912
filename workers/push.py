"""Send changes of documents to Meilisearch, where there is one, and keep its index as it should be."""

from civic.config import SearchConfig
from civic.search.meili.client import Meili
from civic.search.meili.following import Follower, stand_down
from civic.search.meili.keeping import search_key
from civic.search.queries import wanted
from workers.runner import config

_follows: tuple[SearchConfig, Follower | None] | None = None  # what this process was told to follow


async def handle_one() -> bool:
    global _follows
    search = config().search
    if _follows is None or _follows[0] != search:
        if _follows and _follows[1]:
            _follows[1].meili.close()
        if not search.url:
            await stand_down()
        _follows = search, Follower(Meili(search, search_key), wanted) if search.url else None
    return await _follows[1].step() if _follows[1] else False
