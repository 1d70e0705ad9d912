"""The JSON answers of the scores. Documents and lines have the form of release.json, see release_format.py."""

from pydantic import Field

from civic.history_proof import KeptHistory, ProofResult
from civic.schemas import JsonDocument, Schema


class PeriodBounds(Schema):
    """A period `[from, to)`: instants in UTC as in release.json, 2024-03-01T08:30:00Z."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")


class ReleaseSummary(Schema):
    """A release in the list of all. `replaces` and `replaced_by` are ids of releases."""

    release: str
    method: str
    period: PeriodBounds
    made_at: str
    replaces: str | None
    reason: str | None
    replaced_by: str | None


class ScoresAnswer(Schema):
    """A release with the departments' names (slug → language → name), and all releases, the latest period first."""

    release: JsonDocument
    names: dict[str, dict[str, str]]
    releases: list[ReleaseSummary]


class NoScoresAnswer(Schema):
    """Nothing is published yet."""

    release: None = None
    releases: list[ReleaseSummary] = []


class PastLine(Schema):
    """The line of a department in an earlier release."""

    release: str
    line: JsonDocument


class DepartmentScoresAnswer(Schema):
    """The line of a department, that of the city, and the department's lines in earlier releases, the latest first."""

    department: str
    names: dict[str, str]
    release: ReleaseSummary
    line: JsonDocument
    city: JsonDocument
    before: list[PastLine]


class NoDepartmentScoresAnswer(Schema):
    """The release says nothing of this department."""

    department: str
    line: None = None


class HistoryProofAnswer(Schema):
    """The proof that the history of a case is in the tree of a release; hashes are hexadecimal (see civic/chain.py)."""

    release: str
    case: str
    head: str
    leaf: str
    index: int
    size: int
    path: list[str]
    root: str


class EventProofAnswer(HistoryProofAnswer):
    """The same, with the receipt of an event and the digests of the events after it, up to the case's head."""

    receipt: str
    digests: list[str]


class KeptHistoryAnswer(Schema):
    """Whether a kept history is in a release. `result`: same grown earlier younger unknown changed missing."""

    release: str
    case: str
    events: int
    head: str
    result: ProofResult
    holds: bool

    @classmethod
    def of(cls, release: str, kept: KeptHistory, result: ProofResult) -> "KeptHistoryAnswer":
        return cls(
            release=release,
            case=kept.case,
            events=len(kept.hashes),
            head=kept.head.hex(),
            result=result,
            holds=result.holds,
        )
