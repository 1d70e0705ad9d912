"""Whether the histories of cases are what they were: each event's hash covers the event before it (events.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civic import chain
from civic.cases.events import build_hashed_content, hash_text
from civic.cases.models import Case, CaseEvent
from civic.catalogue.queries import catalogue

BATCH_CASES = 1000


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first event of a case that is not what it was; seq 0: the case does not end where its history does."""

    seq: int
    why: str  # missing, text, hash, head


async def check_chain(case_id: int) -> ChainFault | None:
    """Follow a case's history from its first event to its head. Raises DoesNotExist for no such case."""
    case = await Case.get(id=case_id)
    slugs = {one.id: one.slug for one in (await catalogue()).every_department}
    previous = chain.GENESIS
    rows = await CaseEvent.filter(case_id=case_id).order_by("seq")
    for expected, event in enumerate(rows, start=1):
        if event.seq != expected:
            return ChainFault(expected, "missing")
        if event.text_hash is not None and event.text:
            return ChainFault(event.seq, "text")
        previous = chain.hash_event(previous, hashed_content_of(event, case.number, slugs))
        if bytes(event.hash) != previous:
            return ChainFault(event.seq, "hash")
    if len(rows) != case.events_count or previous != bytes(case.head or chain.GENESIS):
        return ChainFault(0, "head")
    return None


def hashed_content_of(event: CaseEvent, number: str, slugs: Mapping[int, str]) -> dict[str, Any]:
    """What the event's hash covers, from its row; `slugs` of departments by id."""
    return build_hashed_content(
        number,
        event.seq,
        event.at,
        event.kind,
        actor_kind=event.actor_kind,
        department=slugs[event.department_id] if event.department_id else None,
        from_status=event.from_status,
        to_status=event.to_status,
        internal=event.internal,
        text_hash=bytes(event.text_hash) if event.text_hash else hash_text(event.text),
        data=event.data,
    )


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """How many cases were checked, and the first fault of each case that has one, by the case's number."""

    cases: int
    faults: Mapping[str, ChainFault]


async def check_histories() -> HistoryCheck:
    """Check the history of every case, by batches in the order of their ids."""
    cases, faults, last = 0, {}, 0
    while batch := await Case.filter(id__gt=last).order_by("id").limit(BATCH_CASES).values_list("id", "number"):
        for case_id, number in batch:
            if (fault := await check_chain(case_id)) is not None:
                faults[number] = fault
        cases, last = cases + len(batch), batch[-1][0]
    return HistoryCheck(cases, faults)
