"""What a worker does for Meilisearch, step by step: see that the index is there and as it should be, send changes."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from civic import logs
from civic.db import execute
from civic.search import saved_state
from civic.search.meili import rebuild
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.outbox import send_batch
from civic.search.meili.queue import FILLED, KEY, REBUILD, SENT
from civic.search.meili.rebuild import FilledFor
from civic.search.meili.settings import has_version, schema_hash
from civic.search.rebuild import rebuild_part

log = logs.get_logger(__name__)

Wanted = Callable[[], Awaitable[Mapping[str, Any]]]
CHECK_SECONDS = 30.0  # seconds after which the index is looked at, if nothing else asked for it
RETRY_SECONDS = 5.0  # seconds until the next try where Meilisearch is away


class MeiliSync:
    """Keeps one index up to date. `wanted()` gives the settings that it should have."""

    def __init__(self, meili: Meili, wanted: Wanted) -> None:
        self.meili, self._wanted = meili, wanted
        self._look_at, self._rests_until = 0.0, 0.0
        self._trouble: EngineState | None = None

    async def step(self) -> bool:
        """A page of a rebuild if one is needed, and a batch of changes; whether there was something to do.

        A Meilisearch that is away, or has another fault, is tried again after RETRY_SECONDS: everything waits as it is.
        """
        if time.monotonic() < self._rests_until:
            return False
        try:
            more = await self._look() if time.monotonic() >= self._look_at else False
            found = await send_batch(self.meili) or more
        except EngineDown as trouble:
            self._look_at, self._rests_until = 0.0, time.monotonic() + RETRY_SECONDS
            self._say(trouble)
            return False
        self._say(None)
        return found

    async def _look(self) -> bool:
        """Whether there is more to do for the index itself; where there is not, the next look is in CHECK_SECONDS."""
        wanted = await self._wanted()
        if self.meili.key and (key := await self.meili.make_search_key()) != await saved_state.load_state(KEY):
            await saved_state.save_state(KEY, key)
        found = await self.meili.condition()
        if found.state in (EngineState.AWAY, EngineState.REFUSED):
            raise EngineDown(found.state, found.said)
        filled = await saved_state.load_state(FILLED)
        ours = asdict(FilledFor(self.meili.url, self.meili.index, schema_hash(wanted)))
        good = found.settings is not None and has_version(found.settings)
        elsewhere = not filled or (filled["url"], filled["index"]) != (ours["url"], ours["index"])
        if not good or elsewhere or await rebuild.load_rebuild():
            if await rebuild_part(MeiliEngine(self.meili, wanted)):
                return True
        elif filled != ours:
            await rebuild.update_settings(self.meili, wanted)
        self._look_at = time.monotonic() + CHECK_SECONDS
        return False

    def _say(self, trouble: EngineDown | None) -> None:
        """In the log, once for each trouble that comes or goes."""
        state = trouble.state if trouble else None
        if state == self._trouble:
            return
        self._trouble = state
        if trouble:
            log.warning("Meilisearch lags behind", said=str(trouble.message))
        else:
            log.info("Meilisearch is back")


async def disable() -> None:
    """Forget everything that waits for Meilisearch; if one is configured again, it is filled from the beginning."""
    await saved_state.delete_state(FILLED, REBUILD, SENT, KEY)
    await execute("DELETE FROM search_push")
