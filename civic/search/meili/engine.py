"""Meilisearch as an engine of the search: its index is rebuilt from PostgreSQL's, and compared with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from meilisearch import Client

from civic.db import fetch, fetch_one
from civic.lasting_locks import LockConnection
from civic.search.documents import Key
from civic.search.engine import Differences, IndexComparison, KeyRange
from civic.search.meili import queue, rebuild
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.payload import key
from civic.search.meili.queue import REBUILDING
from civic.search.meili.rebuild import MeiliRebuild
from civic.search.meili.sql import DIGESTS, NEXT_IDS
from civic.search.postgres.encoding import document_digest
from civic.search.postgres.rows import read_digests
from civic.search.subjects import read_documents, registered

RANGE_DOCUMENTS = 1000  # compared at once
PAGE_DOCUMENTS = 5000  # of a look at Meilisearch
QUEUED_KEYS = 10_000  # queued by one statement


class MeiliEngine:
    """One index of one Meilisearch. `wanted` are the settings that it should have."""

    name, lock = "Meilisearch", REBUILDING

    def __init__(self, meili: Meili, wanted: Mapping[str, Any]) -> None:
        self.meili, self.wanted = meili, wanted

    async def begin_rebuild(self, connection: LockConnection) -> MeiliRebuild:
        return await rebuild.begin(self.meili, self.wanted, connection, await self.total())

    async def continue_rebuild(self, state: MeiliRebuild, connection: LockConnection) -> MeiliRebuild | None:
        return await rebuild.continue_rebuild(self.meili, self.wanted, state, connection)

    async def total(self) -> int:
        row = await fetch_one("SELECT count(*) AS n FROM search_document")
        return int(row["n"]) if row else 0

    async def ranges(self) -> AsyncIterator[KeyRange]:
        found = await self.meili.condition()
        if found.state != EngineState.OK:
            raise EngineDown(found.state, found.said)
        for subject in registered():
            after = -1
            while True:
                rows = await fetch(NEXT_IDS, subject.kind, after, RANGE_DOCUMENTS)
                last = int(rows[-1]["item_id"]) if len(rows) == RANGE_DOCUMENTS else None
                yield KeyRange(subject.kind, after, last)
                if last is None:
                    break
                after = last

    async def compare(self, part: KeyRange) -> IndexComparison:
        rows = await fetch(DIGESTS, part.kind, part.after, part.last)
        expected = {(part.kind, row["item_id"]): bytes(row["digest"]) for row in rows}
        above = f"kind = {part.kind} AND item_id > {part.after}"
        held = await self._held(above if part.last is None else f"{above} AND item_id <= {part.last}")
        suspects = [one for one in expected.keys() | held.keys() if expected.get(one) != held.get(one)]
        pending: frozenset[Key] = frozenset()
        for start in range(0, len(suspects), RANGE_DOCUMENTS):
            some = suspects[start : start + RANGE_DOCUMENTS]
            pending |= await self._look_again(part.kind, some, expected, held)
        return IndexComparison(expected, held, pending)

    async def _look_again(
        self, kind: str, suspects: Sequence[Key], expected: dict[Key, bytes], held: dict[Key, bytes]
    ) -> set[Key]:
        """Read these documents again: what was sent between the two looks is no difference. The ones still to send."""
        ids = ", ".join(str(item_id) for _, item_id in sorted(suspects))
        held_now = await self._held(f"kind = {kind} AND item_id IN [{ids}]")
        expected_now = await read_digests(suspects)
        # What is sent is read from the posts, so it may be newer than PostgreSQL's index for a moment.
        for one, document in (await read_documents(suspects)).items():
            if one in expected_now and held_now.get(one) == (digest := document_digest(document)):
                expected_now[one] = digest
        for now, before in ((expected_now, expected), (held_now, held)):
            for one in suspects:
                before.pop(one, None)
            before.update(now)
        return await queue.queued_keys(suspects)

    async def _held(self, condition: str) -> dict[Key, bytes]:
        """Digests of the documents in Meilisearch that a filter names; empty where one is unreadable."""

        def page(offset: int, client: Client) -> list[tuple[str, str]]:
            asked = {"filter": condition, "fields": ["id", "digest"], "limit": PAGE_DOCUMENTS, "offset": offset}
            return [(one.id, one.digest) for one in client.index(self.meili.index).get_documents(asked).results]

        found, offset = dict[Key, bytes](), 0
        while True:
            some = await self.meili.call(partial(page, offset))
            for name, digest in some:
                found[key(name) or ("", offset)] = _bytes(digest)
            if len(some) < PAGE_DOCUMENTS:
                return found
            offset += PAGE_DOCUMENTS

    async def strays(self) -> Sequence[Key]:
        """None: documents of other kinds mean that the index is not ours. Raises EngineDown then."""
        kinds = ", ".join(one.kind for one in registered())
        if strange := await self._held(f"NOT kind IN [{kinds}]"):
            raise EngineDown(
                EngineState.DIFFERS, f"it has documents of other kinds ({len(strange)}): rebuild the index"
            )
        return ()

    async def count_waiting(self) -> int:
        """Those that PostgreSQL's index has and this one lacks."""
        return await queue.count_queued()

    async def mend(self, differences: Differences) -> None:
        keys = differences.keys()
        for start in range(0, len(keys), QUEUED_KEYS):
            await queue.queue_keys(keys[start : start + QUEUED_KEYS])


def _bytes(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except (ValueError, TypeError):
        return b""
