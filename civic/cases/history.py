"""Whether the histories of cases are what they were, and whether the rows of cases are what their histories say.

Each event's hash covers the event before it (events.py), so a changed line is found by computing the hashes again; a
changed assignment, wait or rating is found by making the rows again from the events (derivation.py).
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from civic import chain
from civic.canonical_json import parse_json
from civic.cases.derivation import CaseDerivation, DerivedRow, RecordedEvent
from civic.cases.events import build_hashed_content, hash_text
from civic.cases.sql import (
    RECORDED_ASSIGNMENTS,
    RECORDED_CASE,
    RECORDED_CASE_OF_NUMBER,
    RECORDED_CASES,
    RECORDED_EVENTS,
    RECORDED_RATINGS,
    RECORDED_WAITS,
)
from civic.db import Row, fetch

BATCH_CASES = 500
NO_TEXT = hash_text("")


@dataclass(frozen=True, slots=True)
class HistoryFault:
    """Something that is not what the history says; `seq` is the event that says otherwise, 0: the case as a whole."""

    case: str
    seq: int
    why: str

    def __str__(self) -> str:
        return f"case {self.case}, event {self.seq}: {self.why}" if self.seq else f"case {self.case}: {self.why}"


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """How many cases were checked, and what was found, in the order of the cases."""

    cases: int
    faults: Sequence[HistoryFault]


@dataclass(slots=True)
class RecordedCase:
    """The rows of a case, as they are in the database; `case` of case_file."""

    case: Row
    events: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)


async def check_histories(on_progress: Callable[[float, str], None] = lambda share, words: None) -> HistoryCheck:
    """Check the history of every case, by batches in the order of their ids.

    `on_progress` is called with a share (0 to 1) and words. In a transaction that sees one snapshot, what others
    write meanwhile does not matter.
    """
    faults: list[HistoryFault] = []
    cases = 0
    async for batch, share in _read_batches():
        for recorded in batch:
            faults += find_faults(recorded)
        cases += len(batch)
        on_progress(share, f"{cases:,} histories")
    return HistoryCheck(cases, faults)


async def check_history(case_id: int) -> list[HistoryFault]:
    """Check the history of one case; an id that no case has gives nothing."""
    return [fault for one in await _read_rows(await fetch(RECORDED_CASE, case_id)) for fault in find_faults(one)]


def find_faults(recorded: RecordedCase) -> list[HistoryFault]:
    """The first fault of the chain; without one, every row that differs from what the events say."""
    number = recorded.case["number"]
    return [HistoryFault(number, seq, why) for seq, why in _chain_faults(recorded) or _row_faults(recorded)]


async def list_event_digests(case_number: str) -> list[tuple[bytes, bytes]]:
    """The hash and the digest of each event of a case, in their order; nothing for a number that no case has."""
    rows = await fetch(RECORDED_CASE_OF_NUMBER, case_number)
    events = await fetch(RECORDED_EVENTS, [row["id"] for row in rows])
    return [(row["hash"], chain.digest_event(hashed_content_of(row, case_number))) for row in events]


# -- the chain -------------------------------------------------------------------------------------


def _chain_faults(recorded: RecordedCase) -> list[tuple[int, str]]:
    case, previous = recorded.case, chain.GENESIS
    for expected, row in enumerate(recorded.events, start=1):
        if row["seq"] != expected:
            return [(expected, "the event is missing")]
        if row["text_hash"] is not None and row["text"]:
            return [(expected, "its text was erased, and there is one")]
        previous = chain.hash_event(previous, hashed_content_of(row, case["number"]))
        if row["hash"] != previous:
            return [(expected, "the event is not what its hash covers")]
    if not recorded.events:
        return [(0, "it has no history")]
    if len(recorded.events) != case["events_count"] or previous != case["head"]:
        return [(0, "its history does not end where the case's row says")]
    return []


def hashed_content_of(row: Row, number: str) -> dict[str, Any]:
    """What the hash of an event covers, from its row of RECORDED_EVENTS."""
    return build_hashed_content(
        number,
        row["seq"],
        row["at"],
        row["kind"],
        actor_kind=row["actor_kind"],
        department=row["department"],
        from_status=row["from_status"],
        to_status=row["to_status"],
        internal=row["internal"],
        text_hash=row["text_hash"] or hash_text(row["text"]),
        data=parse_json(row["data"]),
    )


# -- the rows --------------------------------------------------------------------------------------


def _row_faults(recorded: RecordedCase) -> Iterator[tuple[int, str]]:
    derived = CaseDerivation()
    for row in recorded.events:
        try:
            derived.apply(_recorded_event(row))
        except (KeyError, IndexError) as error:
            yield row["seq"], f"an event of this kind cannot follow here: {error!r}"
            return
    yield from _differences("the case", [recorded.case], [derived.case])
    yield from _differences("assignment", recorded.assignments, derived.assignments)
    yield from _differences("wait", recorded.waits, derived.waits)
    yield from _differences("rating", recorded.ratings, derived.ratings)


def _recorded_event(row: Row) -> RecordedEvent:
    return RecordedEvent(
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        actor=row["actor_kind"],
        department=row["department"],
        from_status=row["from_status"],
        to_status=row["to_status"],
        has_text=(row["text_hash"] or hash_text(row["text"])) != NO_TEXT,
        data=parse_json(row["data"]),
    )


def _differences(what: str, rows: Sequence[Row], derived: Sequence[DerivedRow]) -> Iterator[tuple[int, str]]:
    """Compare rows with what the events say they are, one by one in their order."""
    for place, said in enumerate(derived):
        if place >= len(rows):
            yield said.seq, f"{_name(what, place, said.values)} is missing"
            continue
        for column, value in said.values.items():
            if rows[place][column] != value:
                found = f"{_name(what, place, rows[place])}: {column} is {_show(rows[place][column])}"
                yield said.said_by.get(column, said.seq), f"{found}, the history says {_show(value)}"
    for place, row in enumerate(rows[len(derived) :], start=len(derived)):
        yield 0, f"{_name(what, place, row)} is not in the history"


def _name(what: str, place: int, values: Mapping[str, object]) -> str:
    return f"{what} {place + 1} ({values['department']})" if "department" in values and what != "the case" else what


def _show(value: object) -> str:
    return "nothing" if value is None else str(value)


# -- reading ---------------------------------------------------------------------------------------


async def _read_batches() -> AsyncIterator[tuple[list[RecordedCase], float]]:
    """Every case with its rows, some hundred at a time, with the share that is read."""
    last = 0
    while rows := await fetch(RECORDED_CASES, last, BATCH_CASES):
        last = rows[-1]["id"]
        yield await _read_rows(rows), last / rows[0]["last_id"]


async def _read_rows(rows: Sequence[Row]) -> list[RecordedCase]:
    cases = {row["id"]: RecordedCase(row) for row in rows}
    ids = list(cases)
    for row in await fetch(RECORDED_EVENTS, ids):
        cases[row["case_id"]].events.append(row)
    for row in await fetch(RECORDED_ASSIGNMENTS, ids):
        cases[row["case_id"]].assignments.append(row)
    for row in await fetch(RECORDED_WAITS, ids):
        cases[row["case_id"]].waits.append(row)
    for row in await fetch(RECORDED_RATINGS, ids):
        cases[row["case_id"]].ratings.append(row)
    return list(cases.values())
