"""The history of a case as a proof to keep (civic.history_proof): its state, and what each public event says."""

from dataclasses import dataclass

from civic import chain
from civic.cases.history import hashed_content_of
from civic.cases.models import Case
from civic.cases.sql import HIDDEN_LINES, RECORDED_EVENTS
from civic.db import fetch
from civic.history_proof import SealedEvent, write_history_proof


@dataclass(frozen=True, slots=True)
class HistoryState:
    """The state of a case's history: the case's number, how many events there are, the latest hash in hexadecimal."""

    case: str
    events: int
    head: str

    @classmethod
    def of(cls, case: Case) -> "HistoryState":
        return cls(case.number, case.events_count, bytes(case.head or chain.GENESIS).hex())


async def build_history_file(case: Case) -> dict[str, object]:
    """The contents of the file to keep. A text is in it if everybody may read it, and the data of public events as
    their hash covers it; of an event for the desk there is the digest alone."""
    hidden = {row["seq"] for row in await fetch(HIDDEN_LINES, case.id)}
    events = []
    for row in await fetch(RECORDED_EVENTS, [case.id]):
        content = hashed_content_of(row, case.number)
        is_shown = not row["internal"] and row["seq"] not in hidden and row["text_hash"] is None
        events.append(
            SealedEvent(
                hash=row["hash"],
                digest=chain.digest_event(content),
                content=None if row["internal"] else content,
                text=row["text"] if is_shown else None,
            )
        )
    return write_history_proof(case.number, events)
