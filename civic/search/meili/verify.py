"""Comparing Meilisearch's index with PostgreSQL's, range by range."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from meilisearch import Client

from civic.db import fetch
from civic.search.documents import Kind
from civic.search.meili import saved_state
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.payload import key
from civic.search.postgres import rows
from civic.search.postgres.rows import Key

RANGE = 1000  # documents compared at once
LIMIT = 5000  # documents of a look at Meilisearch
KINDS = [kind.value for kind in Kind]

DIGESTS = """
SELECT d.item_id, encode(t.digest, 'hex') AS digest FROM search_document d JOIN search_text t USING (id)
WHERE d.kind = $1 AND d.item_id > $2 ORDER BY d.item_id LIMIT $3
"""


@dataclass
class Differences:
    """Documents that Meilisearch lacks, has although it should not, has otherwise. What is on its way is none."""

    missing: list[Key] = field(default_factory=list)
    extra: list[Key] = field(default_factory=list)
    different: list[Key] = field(default_factory=list)
    compared: int = 0

    def keys(self) -> list[Key]:
        return [*self.missing, *self.extra, *self.different]


async def check(meili: Meili, progress: Callable[[int], None] = lambda compared: None) -> Differences:
    """Every difference between the two. Raises Trouble where there is no index of ours to compare."""
    found = await meili.condition()
    if found.state != EngineState.OK:
        raise EngineDown(found.state, found.said)
    differences = Differences()
    for kind in KINDS:
        async for low, high, here in _ranges(kind):
            there = await _there(meili, _between(kind, low, high))
            await _compare(meili, kind, here, there, differences)
            differences.compared += len(here)
            progress(differences.compared)
    if strange := await _there(meili, f"NOT kind IN [{', '.join(KINDS)}]"):
        raise EngineDown(EngineState.DIFFERS, f"documents that are none of ours ({len(strange)}); make the index anew")
    return differences


async def mend(differences: Differences) -> int:
    """Have everything sent that differs; how many documents that are."""
    keys = differences.keys()
    for start in range(0, len(keys), 10_000):
        await saved_state.queue_keys(keys[start : start + 10_000])
    return len(keys)


async def _ranges(kind: str) -> AsyncIterator[tuple[int, int | None, dict[Key, str]]]:
    """Ranges of subjects (above the first number, up to the second) with digests, the last without an end."""
    low = -1
    while True:
        found = await fetch(DIGESTS, kind, low, RANGE)
        here = {(kind, int(row["item_id"])): str(row["digest"]) for row in found}
        high = int(found[-1]["item_id"]) if len(found) == RANGE else None
        yield low, high, here
        if high is None:
            return
        low = high


def _between(kind: str, low: int, high: int | None) -> str:
    return f"kind = {kind} AND item_id > {low}" + ("" if high is None else f" AND item_id <= {high}")


async def _there(meili: Meili, condition: str) -> dict[Key, str]:
    """Digests of the documents in Meilisearch that a filter names."""

    def page(offset: int, client: Client) -> list[tuple[str, str]]:
        asked = {"filter": condition, "fields": ["id", "digest"], "limit": LIMIT, "offset": offset}
        return [(one.id, one.digest) for one in client.index(meili.index).get_documents(asked).results]

    found, offset = dict[Key, str](), 0
    while True:
        some = await meili.call(partial(page, offset))
        for name, digest in some:
            found[key(name) or ("", offset)] = digest
        if len(some) < LIMIT:
            return found
        offset += LIMIT


async def _compare(
    meili: Meili, kind: str, here: dict[Key, str], there: dict[Key, str], differences: Differences
) -> None:
    if here == there:
        return
    suspects = [one for one in here.keys() | there.keys() if here.get(one) != there.get(one)]
    for start in range(0, len(suspects), RANGE):
        await _look_again(meili, kind, suspects[start : start + RANGE], differences)


async def _look_again(meili: Meili, kind: str, suspects: Sequence[Key], differences: Differences) -> None:
    """What changed between the two looks is no difference: it was sent meanwhile, or still waits."""
    named = ", ".join(str(item_id) for _, item_id in sorted(suspects))
    there = await _there(meili, f"kind = {kind} AND item_id IN [{named}]")
    here = {one: digest.hex() for one, digest in (await rows.read_digests(suspects)).items()}
    waits = await saved_state.queued_keys(suspects)
    for one in sorted(set(suspects) - waits):
        if one not in there and one in here:
            differences.missing.append(one)
        elif one in there and one not in here:
            differences.extra.append(one)
        elif here.get(one) != there.get(one):
            differences.different.append(one)
