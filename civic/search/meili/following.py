"""What a worker does for Meilisearch, step by step: see that the index is there and as it should be, send changes."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from civic import logs
from civic.db import execute
from civic.search.meili import keeping, rebuilding
from civic.search.meili.client import Meili, State, Trouble
from civic.search.meili.keeping import FILLED, KEY, REBUILD, SENT
from civic.search.meili.pushing import push
from civic.search.meili.rebuilding import Filled
from civic.search.meili.settings import fingerprint, has_version

log = logs.get_logger(__name__)

Wanted = Callable[[], Awaitable[Mapping[str, Any]]]
LOOK = 30.0  # seconds after which the index is looked at, if nothing else asked for it
REST = 5.0  # seconds until the next try where Meilisearch is away


class Follower:
    """Keeps one index up to date. `wanted()` gives the settings that it should have."""

    def __init__(self, meili: Meili, wanted: Wanted) -> None:
        self.meili, self._wanted = meili, wanted
        self._look_at, self._rests_until = 0.0, 0.0
        self._trouble: State | None = None

    async def step(self) -> bool:
        """A page of a rebuild if one is needed, and a batch of changes; whether there was something to do.

        A Meilisearch that is away, or has other troubles, is tried again after REST: everything waits as it is.
        """
        if time.monotonic() < self._rests_until:
            return False
        try:
            more = await self._look() if time.monotonic() >= self._look_at else False
            found = await push(self.meili) or more
        except Trouble as trouble:
            self._look_at, self._rests_until = 0.0, time.monotonic() + REST
            self._say(trouble)
            return False
        self._say(None)
        return found

    async def _look(self) -> bool:
        """Whether there is more to do for the index itself; where there is not, the next look is in LOOK seconds."""
        wanted = await self._wanted()
        if self.meili.key and (key := await self.meili.make_search_key()) != await keeping.remembered(KEY):
            await keeping.remember(KEY, key)
        found = await self.meili.condition()
        if found.state in (State.AWAY, State.REFUSED):
            raise Trouble(found.state, found.said)
        filled = await keeping.remembered(FILLED)
        ours = asdict(Filled(self.meili.url, self.meili.index, fingerprint(wanted)))
        good = found.settings is not None and has_version(found.settings)
        elsewhere = not filled or (filled["url"], filled["index"]) != (ours["url"], ours["index"])
        if not good or elsewhere or await rebuilding.under_way():
            if await rebuilding.step(self.meili, wanted):
                return True
        elif filled != ours:
            await rebuilding.adjust(self.meili, wanted)
        self._look_at = time.monotonic() + LOOK
        return False

    def _say(self, trouble: Trouble | None) -> None:
        """In the log, once for each trouble that comes or goes."""
        state = trouble.state if trouble else None
        if state == self._trouble:
            return
        self._trouble = state
        if trouble:
            log.warning("Meilisearch lags behind", said=str(trouble.message))
        else:
            log.info("Meilisearch is back")


async def stand_down() -> None:
    """Without a Meilisearch: nothing waits for it, and one that is there later is filled anew."""
    await keeping.forget(FILLED, REBUILD, SENT, KEY)
    await execute("DELETE FROM search_push")
