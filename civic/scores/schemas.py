"""The JSON answers of the scores. Documents and lines have the form of release.json, see release_format.py."""

from datetime import datetime

from pydantic import Field

from civic.history_proof import KeptHistory, ProofResult
from civic.schemas import JsonDocument, Schema
from civic.scores.draft import ScoreDraft


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


class DraftLineAnswer(Schema):
    """An assignment that counts; null: not for this indicator."""

    case: str
    category: str
    given_at: datetime
    response: bool | None
    resolution: bool | None
    ownership: bool | None


class DraftAnswer(Schema):
    """The draft of a department's score: how many assignments count, and each; the release is made from `release_from`
    on."""

    period: str
    department: str
    release_from: datetime
    count: int
    lines: list[DraftLineAnswer]

    @classmethod
    def of(cls, draft: ScoreDraft, department: str) -> "DraftAnswer":
        lines = [
            DraftLineAnswer(
                case=line.case,
                category=line.category,
                given_at=line.given_at,
                response=line.response,
                resolution=line.resolution,
                ownership=line.ownership,
            )
            for line in draft.lines
        ]
        return cls(
            period=draft.span.id,
            department=department,
            release_from=draft.release_from,
            count=draft.count,
            lines=lines,
        )
