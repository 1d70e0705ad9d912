"""Reads of what was published: releases, their files, what they say of a department, and proofs."""

import asyncio
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from civic import chain
from civic.cases.models import CaseEvent
from civic.cases.queries import hashed_content_of
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import fetch, fetch_one
from civic.errors import NotFound
from civic.i18n import lazy as _
from civic.scores.chains import CHAINS_FILE, Forest, read_chains
from civic.scores.periods import Span, span_of
from civic.scores.rows import instant

ENTRIES = """
SELECT r.id, r.starts_at, r.ends_at, r.method, r.made_at, r.corrects_id AS replaces, r.reason, later.id AS replaced_by
FROM release r LEFT JOIN release later ON later.corrects_id = r.id
ORDER BY r.ends_at DESC, r.starts_at, r.made_at DESC, length(r.id) DESC, r.id DESC
"""
NEAR = 1.2  # a month has 28 to 31 days: lengths within this factor are the same kind of period


@dataclass(frozen=True, slots=True)
class Entry:
    """A release in the list of all. `replaces` and `replaced_by` are ids, `reason` is why it replaces."""

    id: str
    starts_at: datetime
    ends_at: datetime
    method: str
    made_at: datetime
    replaces: str | None
    reason: str
    replaced_by: str | None

    def like(self, other: "Entry") -> bool:
        """Whether the two can be compared: by the same method, over periods of the same kind."""
        one, two = self.ends_at - self.starts_at, other.ends_at - other.starts_at
        return self.method == other.method and one / NEAR < two < one * NEAR

    def plain(self) -> dict[str, Any]:
        """As plain data, by the names of release.json."""
        return {
            "release": self.id,
            "method": self.method,
            "period": {"from": instant(self.starts_at), "to": instant(self.ends_at)},
            "made_at": instant(self.made_at),
            "replaces": self.replaces,
            "reason": self.reason or None,
            "replaced_by": self.replaced_by,
        }


@dataclass(frozen=True, slots=True)
class Published:
    """A release with its document, and all others beside it, the latest period first."""

    entry: Entry
    document: dict[str, Any]
    entries: Sequence[Entry]

    @property
    def before(self) -> Entry | None:
        """The latest that can be compared and was over when this one's period began."""
        return next(iter(earlier(self.entry, self.entries)), None)


def earlier(entry: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """Those in force that can be compared and were over when the period of `entry` began, the latest first."""
    return [one for one in entries if not one.replaced_by and one.ends_at <= entry.starts_at and entry.like(one)]


async def releases() -> list[Entry]:
    """All releases, the latest period first, and of those that end together the longest."""
    return [Entry(**row) for row in await fetch(ENTRIES)]


async def release(release_id: str | None = None) -> Published | None:
    """A release; without an id the one in force of the latest period. None if there is none."""
    entries = await releases()
    entry = next((one for one in entries if one.id == release_id or (release_id is None and not one.replaced_by)), None)
    if entry is None:
        return None
    return Published(entry, await document(entry.id), entries)


async def document(release_id: str) -> dict[str, Any]:
    """What a release says, whole. Raises NotFound."""
    row = await fetch_one("SELECT document FROM release WHERE id = $1", release_id)
    if row is None:
        raise NotFound()
    found: dict[str, Any] = row["document"]
    return found


async def lines_of(slug: str, release_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What releases say of a department, by their ids; those that do not name it are left out."""
    rows = await fetch(
        "SELECT id, document->'results'->'departments'->$2 AS line FROM release WHERE id = ANY($1)",
        list(release_ids),
        slug,
    )
    return {row["id"]: row["line"] for row in rows if row["line"] is not None}


async def span_of_release(release_id: str) -> Span:
    """The days of a release in the city's zone. Raises NotFound."""
    row = await fetch_one("SELECT starts_at, ends_at FROM release WHERE id = $1", release_id)
    if row is None:
        raise NotFound(_("There is no release “%(id)s”.", id=release_id))
    return span_of((row["starts_at"], row["ends_at"]), (await city()).zone)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a release: gzipped, and the SHA-256 (hexadecimal) of what it unpacks to."""

    packed: bytes
    sha256: str


async def file(release_id: str, name: str) -> File:
    """Raises NotFound."""
    row = await fetch_one(
        "SELECT content AS packed, sha256 FROM release_file WHERE release_id = $1 AND name = $2", release_id, name
    )
    if row is None:
        raise NotFound()
    return File(**row)


async def files(release_id: str) -> dict[str, bytes]:
    """All files of a release, unpacked, by name."""
    rows = await fetch("SELECT name, content FROM release_file WHERE release_id = $1 ORDER BY id", release_id)
    return {row["name"]: gzip.decompress(row["content"]) for row in rows}


# -- proofs ----------------------------------------------------------------------------------------


_forests: dict[str, Forest] = {}  # by the SHA-256 of chains.csv
_MOST_FORESTS = 2


async def forest(release_id: str) -> Forest:
    """The tree over the chains' heads of a release. To build one takes a second for 100,000 cases: the last two stay.

    Raises NotFound.
    """
    row = await fetch_one(
        "SELECT sha256 FROM release_file WHERE release_id = $1 AND name = $2", release_id, CHAINS_FILE
    )
    if row is None:
        raise NotFound(_("There is no release “%(id)s”.", id=release_id))
    if (kept := _forests.get(row["sha256"])) is not None:
        return kept
    packed = (await file(release_id, CHAINS_FILE)).packed
    made = await asyncio.to_thread(lambda: read_chains(gzip.decompress(packed)))
    while len(_forests) >= _MOST_FORESTS:
        _forests.pop(next(iter(_forests)))
    _forests[row["sha256"]] = made
    return made


async def proof(release_id: str, number: str, receipt: bytes | None = None) -> dict[str, Any]:
    """That the history of a case, as it was when a release was made, is in the release's tree.

    With the receipt of one of its events (32 bytes): also the digests that lead from there to the case's head
    (civic.chain.follow_chain). Raises NotFound for a case or an event that was not there.
    """
    found = (await forest(release_id)).proof(number)
    if found is None:
        raise NotFound(_("This release knows no case “%(number)s”.", number=number))
    if receipt is not None:
        found["receipt"] = receipt.hex()
        found["digests"] = [one.hex() for one in await _digests(number, receipt, bytes.fromhex(found["head"]))]
    return {"release": release_id, **found}


async def _digests(number: str, receipt: bytes, head: bytes) -> list[bytes]:
    """Of the events after the one with this receipt, up to the one with this hash."""
    slugs = {one.id: one.slug for one in (await catalogue()).every_department}
    events = await CaseEvent.filter(case__number=number).order_by("seq")
    hashes = [bytes(event.hash) for event in events]
    if receipt not in hashes or head not in hashes or hashes.index(receipt) > hashes.index(head):
        raise NotFound(_("No event of this case had this receipt when the release was made."))
    after = events[hashes.index(receipt) + 1 : hashes.index(head) + 1]
    return [chain.digest_event(hashed_content_of(event, number, slugs)) for event in after]
