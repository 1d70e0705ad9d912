"""Calls Meilisearch through its own client, which blocks, so each call runs in one of a few threads."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from meilisearch import Client
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.models.task import Task

from civic import config, timing
from civic.errors import SetupError
from civic.search.documents import Key, Query
from civic.search.meili.multi_search import RankedHits, build_searches, read_answer
from civic.search.meili.settings import PRIMARY_KEY, differing_settings, has_version
from civic.search.text import runs

T = TypeVar("T")
Keeper = Callable[[], Awaitable[str | None]]

MAX_THREADS = 8  # searches at once of one process
RETRY_SECONDS = 5.0  # seconds for which a Meilisearch that failed is not asked by searches
CALL_SECONDS = 30.0  # seconds that anything but a search may take
POLL_SECONDS = (0.02, 0.5)  # seconds between looks at a task: the first pause, which doubles, and the longest


class EngineState(StrEnum):
    """How Meilisearch is: its answers may be used only when it is OK."""

    OK = "well"
    AWAY = "away"  # does not answer, or with a fault of its own
    REFUSED = "refused"  # does not accept the key
    MISSING = "missing"  # has no such index
    DIFFERS = "differs"  # its index has other settings


class EngineDown(SetupError):
    """Meilisearch cannot do what it was asked. `state` says why; `code` is Meilisearch's own, if it gave one."""

    def __init__(self, state: EngineState, said: str, code: str = "") -> None:
        super().__init__(f"Meilisearch is not to be used ({state}): {said}")
        self.state, self.code = state, code

    @property
    def is_about_documents(self) -> bool:
        """Whether a document was refused: sent in smaller parts, the others may be accepted."""
        return self.code.startswith(FAULTS)


@dataclass(frozen=True, slots=True)
class IndexCondition:
    """The state of an index. `differing`: the settings that are not as they should be."""

    state: EngineState
    said: str = ""
    documents: int = 0
    differing: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None


class Meili:
    """One index of one Meilisearch.

    Searches use the key that `search_key` gives, which can do nothing else; everything else uses `search.key`.
    """

    def __init__(self, search: config.SearchConfig, search_key: Keeper) -> None:
        self.index, self.next = search.index, f"{search.index}-next"
        self.url = search.url.rstrip("/")
        self.key = search.key.get_secret_value()
        self._seconds = search.seconds
        self._keeper, self._search_key = search_key, ""
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="meilisearch")
        self._failed, self._rests_until = False, 0.0

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- searching ---------------------------------------------------------------------------------------------------

    async def find(self, query: Query) -> RankedHits:
        """What matches the query, within `search.seconds`. Raises EngineDown, at once where it just failed."""
        if query.text.strip() and not any(runs(query.text)):
            return RankedHits([], 0)  # nothing but punctuation, which Meilisearch would take for nothing at all
        if self._failed and time.monotonic() < self._rests_until:
            raise EngineDown(EngineState.AWAY, "it failed a moment ago")
        # While it is not known to be back, one asks and the others do not wait for it.
        self._rests_until = time.monotonic() + RETRY_SECONDS
        try:
            found = await self._find(query)
        except EngineDown as trouble:
            self._failed, self._rests_until = True, time.monotonic() + RETRY_SECONDS
            if trouble.state == EngineState.REFUSED:
                self._search_key = ""  # there may be another by now
            raise
        self._failed = False
        return found

    async def _find(self, query: Query) -> RankedHits:
        now = timing.now()

        def work(client: Client) -> RankedHits:
            return read_answer(query, client.multi_search(build_searches(query, self.index, now)))

        return await self._call(work, self._seconds, await self._searching_key())

    async def _searching_key(self) -> str:
        if self.key and not self._search_key:
            self._search_key = await self._keeper() or ""
            if not self._search_key:
                raise EngineDown(EngineState.REFUSED, "no worker has made the key for searching yet")
        return self._search_key

    # --- everything else ---------------------------------------------------------------------------------------------

    async def call(self, work: Callable[[Client], T]) -> T:
        """Do something with the client, with the key that may do everything. Raises EngineDown."""
        return await self._call(work, CALL_SECONDS, self.key)

    async def condition(self, wanted: Mapping[str, Any] | None = None, index: str | None = None) -> IndexCondition:
        """How an index is (this one, if none is named); `wanted` are the settings that it should have."""
        uid = index or self.index
        try:
            found = await self.call(lambda client: client.index(uid).get_settings())
            documents = await self.call(lambda client: client.index(uid).get_stats().number_of_documents)
        except EngineDown as trouble:
            return IndexCondition(trouble.state, str(trouble.message))
        other = tuple(differing_settings(found, wanted)) if wanted else ()
        good = has_version(found) and not other
        said = "" if good else f"other settings: {', '.join(other) or 'of another version'}"
        return IndexCondition(EngineState.OK if good else EngineState.DIFFERS, said, documents, other, found)

    async def send(self, index: str, documents: Sequence[Mapping[str, Any]], gone: Iterable[Key]) -> list[int]:
        """Put documents into an index, which must exist, and take others out; the tasks that do it, in this order."""
        tasks = []
        if documents:
            tasks.append(await self.call(lambda client: client.index(index).add_documents(documents, PRIMARY_KEY)))
        if condition := _keys(gone):
            tasks.append(await self.call(lambda client: client.index(index).delete_documents(filter=condition)))
        return [task.task_uid for task in tasks]

    async def wait_until_ended(self, tasks: Iterable[int], within: float) -> list[Task] | None:
        """The tasks, once all have ended; None if that takes longer than `within` seconds. Raises EngineDown."""
        until, ended = time.monotonic() + within, list[Task]()
        for uid in tasks:
            pause, longest = POLL_SECONDS
            while (task := await self.call(partial(Client.get_task, uid=uid))).status in GOING_ON:
                if time.monotonic() >= until:
                    return None
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)
            ended.append(task)
        return ended

    async def wait_until_done(self, tasks: Iterable[int], within: float = CALL_SECONDS) -> None:
        """Wait for tasks. Raises EngineDown if one fails, or they take longer than so many seconds."""
        uids = list(tasks)
        found = await self.wait_until_ended(uids, within)
        if found is None:
            raise EngineDown(EngineState.AWAY, f"tasks {uids} take more than {within:.0f} s")
        raise_on_failure(found)

    async def make_search_key(self) -> str:
        """The key that may search this index and nothing else; made if it is not there."""
        uid = key_uid(self.index)

        def work(client: Client) -> str:
            try:
                return client.get_key(uid).key
            except MeilisearchApiError as error:
                if error.code != "api_key_not_found":
                    raise
            rights = {"actions": ["search"], "indexes": [self.index], "expiresAt": None}
            made = client.create_key({"uid": uid, "name": f"Civic's searches in {self.index}", **rights})
            return made.key

        return await self.call(work)

    async def _call(self, work: Callable[[Client], T], seconds: float, key: str) -> T:
        """Run `work` with a client of its own (they are not safe for threads) in at most so many seconds."""

        def guarded() -> T:
            try:
                return work(Client(self.url, key or None, timeout=seconds))  # type: ignore[arg-type]
            except MeilisearchApiError as error:
                raise EngineDown(_state(error), error.message, error.code or "") from error
            except (MeilisearchError, OSError, ValueError, LookupError, TypeError) as error:
                raise EngineDown(EngineState.AWAY, f"{type(error).__name__}: {error}"[:300]) from error

        job = asyncio.get_running_loop().run_in_executor(self._threads, guarded)
        try:
            return await asyncio.wait_for(job, seconds)
        except TimeoutError:
            raise EngineDown(EngineState.AWAY, f"no answer within {seconds:g} s") from None


GOING_ON = ("enqueued", "processing")
# How codes begin by which Meilisearch does not take documents.
FAULTS = (
    "invalid_document_id",
    "invalid_document_geo",
    "missing_document_id",
    "document_fields_limit",
    "payload_too_large",
)
# What an index says to a filter, a facet or an order that its settings do not allow.
UNSUITED = ("invalid_search_filter", "invalid_search_facets", "invalid_search_sort", "invalid_document_filter")


def _state(error: MeilisearchApiError) -> EngineState:
    if error.status_code in (401, 403):
        return EngineState.REFUSED
    if error.code == "index_not_found":
        return EngineState.MISSING
    return EngineState.DIFFERS if error.code in UNSUITED else EngineState.AWAY


def raise_on_failure(tasks: Iterable[Task]) -> None:
    """Raises EngineDown if one of the tasks did not succeed."""
    for task in tasks:
        if task.status != "succeeded":
            raise task_failure(task)


def task_failure(task: Task) -> EngineDown:
    """What a task that did not succeed means."""
    error = task.error or {}
    code, said = (
        str(error.get("code") or task.status),
        f"task {task.uid} ({task.type}) {task.status}: {error.get('message', '')}",
    )
    return EngineDown(EngineState.MISSING if code == "index_not_found" else EngineState.AWAY, said, code)


def key_uid(index: str) -> str:
    """The same for every process: Meilisearch makes one key of it, whoever asks first."""
    return str(UUID(bytes=hashlib.sha256(f"civic search {index}".encode()).digest()[:16], version=4))


def _keys(keys: Iterable[Key]) -> str:
    """A filter for documents by kind and number."""
    items: dict[str, list[str]] = {}
    for kind, item_id in keys:
        items.setdefault(kind, []).append(str(int(item_id)))
    return " OR ".join(f"(kind = {kind} AND item_id IN [{', '.join(found)}])" for kind, found in items.items())
