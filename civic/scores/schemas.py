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
    """A release with the departments' names (slug → language → name), and all releases, the latest period first.

    `provisional`: the periods whose figures are known before their release, as ?period= takes them.
    """

    release: JsonDocument
    names: dict[str, dict[str, str]]
    releases: list[ReleaseSummary]
    provisional: list[str]


class ProvisionalScoresAnswer(Schema):
    """The figures of a period before its release: by what was known at `computed_at`, without an id and ranks.

    While the period runs, they are of `[period.from, until)`. `results` and `left_out` have the form of release.json.
    """

    release: None = None
    period: PeriodBounds
    until: str
    computed_at: str
    releasable_from: str
    results: JsonDocument
    left_out: dict[str, dict[str, int]]
    names: dict[str, dict[str, str]]
    releases: list[ReleaseSummary]
    provisional: list[str]


class NoScoresAnswer(Schema):
    """Nothing is published yet, and nothing is known of the present period."""

    release: None = None
    releases: list[ReleaseSummary] = []
    provisional: list[str] = []


class PastLine(Schema):
    """The line of a department in an earlier release."""

    release: str
    line: JsonDocument


class DepartmentScoresAnswer(Schema):
    """The line of a department, that of the city, and the department's lines in earlier releases, the latest first.

    `release` is null for a period before its release; `twelve_months` stands beside a quarter.
    """

    department: str
    names: dict[str, str]
    release: ReleaseSummary | None
    period: PeriodBounds
    line: JsonDocument
    twelve_months: JsonDocument | None
    city: JsonDocument
    before: list[PastLine]


class CaseRow(Schema):
    """A row behind a figure, as civic.scores.case_list.CaseLine; instants in UTC as in release.json, or null."""

    case: str
    category: str
    received_at: str
    answer: str
    response: str
    response_due: str | None
    first_word_at: str | None
    resolution: str
    resolution_due: str | None
    resolved_at: str | None
    seconds: int | None
    end_reason: str
    marks: list[str]
    stars: int | None
    given_at: str | None


class CasesAnswer(Schema):
    """The cases behind a figure of a department ("" for the city): how many answer what, and some of the rows.

    `next` is what ?after= takes for the rows that follow, or null.
    """

    department: str
    figure: str
    release: str | None
    counts: dict[str, int]
    cases: list[CaseRow]
    next: int | None


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
