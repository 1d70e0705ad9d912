"""Reading published releases: their list, documents and files, a department's lines, and proofs."""

import asyncio
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from civic.cases.history import list_event_digests
from civic.city.queries import city
from civic.db import Row, fetch, fetch_one
from civic.errors import NotFound
from civic.i18n import lazy as _
from civic.scores.chains import CHAINS_FILE, HistoryTree, read_chains
from civic.scores.method.files import format_instant, sha256_hex
from civic.scores.method.inclusion import Period
from civic.scores.method.release import compute_seal, read_release
from civic.scores.method.release_format import HistoryProof, LineFigures, ReleaseDocument
from civic.scores.method.spans import Span
from civic.scores.periods import span_of
from civic.scores.schemas import PeriodBounds, ReleaseSummary
from civic.scores.sql import (
    CASE_LINKS,
    DEPARTMENT_LINES,
    RELEASE_DOCUMENT,
    RELEASE_FILE,
    RELEASE_FILE_HASH,
    RELEASE_FILES,
    RELEASE_PERIOD,
    RELEASES,
    SEALED_RELEASES,
)

MAX_LENGTH_RATIO = 1.2  # a month has 28 to 31 days: lengths within this factor are the same kind of period


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """A release in the list of all. `replaces` and `replaced_by` are ids; `reason` says why it replaces another."""

    id: str
    starts_at: datetime
    ends_at: datetime
    method: str
    made_at: datetime
    replaces: str | None
    reason: str
    replaced_by: str | None

    def is_comparable(self, period: Period, method: str) -> bool:
        """Whether it was made by this method, over a period of the same kind."""
        ratio = (period[1] - period[0]) / (self.ends_at - self.starts_at)
        return self.method == method and 1 / MAX_LENGTH_RATIO < ratio < MAX_LENGTH_RATIO

    def summary(self) -> ReleaseSummary:
        return ReleaseSummary(
            release=self.id,
            method=self.method,
            period=PeriodBounds(start=format_instant(self.starts_at), end=format_instant(self.ends_at)),
            made_at=format_instant(self.made_at),
            replaces=self.replaces,
            reason=self.reason or None,
            replaced_by=self.replaced_by,
        )


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release with its document, and the list of all releases, the latest period first."""

    entry: ReleaseEntry
    document: ReleaseDocument
    entries: Sequence[ReleaseEntry]

    @property
    def is_latest(self) -> bool:
        return next(entry for entry in self.entries if not entry.replaced_by) is self.entry


def earlier_entries(period: Period, method: str, entries: Sequence[ReleaseEntry]) -> list[ReleaseEntry]:
    """Return the releases to compare a period with: by the same method, over when it began, and not replaced."""
    return [
        entry
        for entry in entries
        if not entry.replaced_by and entry.ends_at <= period[0] and entry.is_comparable(period, method)
    ]


async def list_releases() -> list[ReleaseEntry]:
    """List all releases: the latest period first, and of those that end together the longest first."""
    return [ReleaseEntry(**row) for row in await fetch(RELEASES)]


async def find_release(
    release_id: str | None = None, listed: Sequence[ReleaseEntry] | None = None
) -> PublishedRelease | None:
    """Return a release; without an id the one of the latest period that is not replaced. None if there is none.

    `listed`: all releases, where they are read already.
    """
    entries = await list_releases() if listed is None else listed
    entry = next((e for e in entries if e.id == release_id or (release_id is None and not e.replaced_by)), None)
    if entry is None:
        return None
    return PublishedRelease(entry, await get_document(entry.id), entries)


async def get_document(release_id: str) -> ReleaseDocument:
    """Return the whole document of a release. Raises NotFound."""
    row = await fetch_one(RELEASE_DOCUMENT, release_id)
    if row is None:
        raise NotFound()
    return cast(ReleaseDocument, row["document"])


async def department_lines(slug: str, release_ids: Sequence[str]) -> dict[str, LineFigures]:
    """Return a department's line in each of these releases, by release id. Releases without it are left out."""
    rows = await fetch(DEPARTMENT_LINES, list(release_ids), slug)
    return {row["id"]: row["line"] for row in rows if row["line"] is not None}


async def get_release_span(release_id: str) -> Span:
    """Return the days of a release in the city's time zone. Raises NotFound."""
    row = await fetch_one(RELEASE_PERIOD, release_id)
    if row is None:
        raise NotFound(_("There is no release “%(id)s”.", id=release_id))
    return span_of((row["starts_at"], row["ends_at"]), (await city()).zone)


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a release: gzipped, and the SHA-256 (hexadecimal) of the unpacked bytes."""

    content: bytes
    sha256: str


async def get_file(release_id: str, name: str) -> PackedFile:
    """Return a file of a release. Raises NotFound."""
    row = await fetch_one(RELEASE_FILE, release_id, name)
    if row is None:
        raise NotFound()
    return PackedFile(**row)


async def get_files(release_id: str) -> dict[str, bytes]:
    """Return all files of a release, unpacked, by name."""
    rows = await fetch(RELEASE_FILES, release_id)
    return {row["name"]: gzip.decompress(row["content"]) for row in rows}


@dataclass(frozen=True, slots=True)
class CaseLink:
    """Where a case is read: its id for the desk, and the address of its public report ("" for a private one)."""

    id: int
    path: str


async def find_case_links(numbers: Sequence[str]) -> dict[str, CaseLink]:
    """Return the links of these cases, by the case's number."""
    return {row["number"]: CaseLink(row["id"], row["path"]) for row in await fetch(CASE_LINKS, list(numbers))}


# -- proofs ----------------------------------------------------------------------------------------


_history_trees: dict[str, HistoryTree] = {}  # by the SHA-256 of chains.csv
_MAX_HISTORY_TREES = 2


async def get_history_tree(release_id: str) -> HistoryTree:
    """Return the tree over the case histories of a release. Raises NotFound.

    Building a tree takes a second for 100,000 cases, so the last two are kept.
    """
    row = await fetch_one(RELEASE_FILE_HASH, release_id, CHAINS_FILE)
    if row is None:
        raise NotFound(_("There is no release “%(id)s”.", id=release_id))
    if (tree := _history_trees.get(row["sha256"])) is not None:
        return tree
    packed = (await get_file(release_id, CHAINS_FILE)).content
    tree = await asyncio.to_thread(lambda: read_chains(gzip.decompress(packed)))
    while len(_history_trees) >= _MAX_HISTORY_TREES:
        _history_trees.pop(next(iter(_history_trees)))
    _history_trees[row["sha256"]] = tree
    return tree


async def prove_history(release_id: str, number: str) -> HistoryProof:
    """Prove that the history of a case, as it was when a release was made, is in the release's tree.

    Raises NotFound for a case that was not there.
    """
    proof = (await get_history_tree(release_id)).prove(number)
    if proof is None:
        raise NotFound(_("There is no case “%(number)s” in this release.", number=number))
    return proof


async def list_digests(number: str, receipt: bytes, head: bytes) -> list[bytes]:
    """Return the digests that lead from an event's receipt to the case's head (civic.chain.follow_chain).

    They are of the events after the one with this receipt (32 bytes). Raises NotFound if there is no such event.
    """
    events = await list_event_digests(number)
    hashes = [event_hash for event_hash, _digest in events]
    if receipt not in hashes or head not in hashes or hashes.index(receipt) > hashes.index(head):
        raise NotFound(_("No event of this case had this receipt when the release was made."))
    return [digest for _hash, digest in events[hashes.index(receipt) + 1 : hashes.index(head) + 1]]


# -- seals -----------------------------------------------------------------------------------------


async def list_seal_faults() -> list[str]:
    """What is wrong with the published releases: documents that their seals do not cover, files that differ, and a
    chain in which one does not carry the seal of the one before it."""
    rows = await fetch(SEALED_RELEASES)
    seals = {row["id"]: row["document"]["seal"] for row in rows}
    faults = [f"release {row['id']}: {why}" for row in rows for why in _seal_faults(row, seals)]
    if sum(row["document"]["previous"] is None for row in rows) > 1:
        faults.append("more than one release has none before it")
    return faults


def _seal_faults(row: Row, seals: Mapping[str, str]) -> Iterator[str]:
    document, previous = row["document"], row["document"]["previous"]
    if compute_seal(document) != document["seal"]:
        yield "it is not what its seal covers"
    content = gzip.decompress(row["content"]) if row["content"] is not None else b""
    if sha256_hex(content) != row["sha256"] or read_release(content) != document:
        yield "its file release.json is another"
    if previous is not None and seals.get(previous["release"]) != previous["seal"]:
        yield "it does not carry the seal of the release before it"
