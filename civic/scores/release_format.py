"""The parts of `release.json` as types: plain data that JSON can hold. docs/method.md explains each name."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class Interval(TypedDict):
    """A value and the ends of its 95 % interval."""

    value: float
    lo: float
    hi: float


class IndicatorFigure(TypedDict):
    """One indicator. Without enough data every figure but `n` is None."""

    n: int
    value: float | None
    lo: float | None
    hi: float | None
    met: NotRequired[int | None]
    raw: NotRequired[float | None]
    raw_lo: NotRequired[float | None]
    raw_hi: NotRequired[float | None]
    expected: NotRequired[float | None]
    ratio: NotRequired[float | None]
    mean: NotRequired[float | None]


class DeclinedFigure(TypedDict):
    """How many of `n` were declined; None without enough data."""

    n: int
    declined: int | None
    share: float | None


class RankRange(TypedDict):
    best: int
    worst: int


class LineFigures(TypedDict):
    """One line: of a department, or of the city. `composite` and `rank` are None where there are none."""

    counted: int
    indicators: dict[str, IndicatorFigure]
    declined: DeclinedFigure
    composite: Interval | None
    rank: RankRange | None


class ShareYardstick(TypedDict):
    n: int
    met: int


class SpeedYardstick(TypedDict):
    n: int
    median_s: float


class RatingYardstick(TypedDict):
    n: int
    mean: float | None
    variance: float | None


class YardstickFigures(TypedDict):
    """The city over all its assignments, by category, and over all its ratings."""

    response: dict[str, ShareYardstick]
    resolution: dict[str, ShareYardstick]
    speed: dict[str, SpeedYardstick]
    satisfaction: RatingYardstick


class Results(TypedDict):
    """All that is computed. `departments`: slug → line."""

    departments: dict[str, LineFigures]
    city: LineFigures
    yardsticks: YardstickFigures


# From its first instant up to, but not including, its last. "from" is a word of Python, so the class is made this way.
PeriodInstants = TypedDict("PeriodInstants", {"from": str, "to": str})


class FileDigest(TypedDict):
    bytes: int
    sha256: str


class TreeDigest(TypedDict):
    """The Merkle tree over the heads of all cases' histories: its root in hexadecimal, its number of leaves."""

    root: str
    size: int


class UnsealedRelease(TypedDict):
    release: str
    method: str
    period: PeriodInstants
    made_at: str
    replaces: str | None
    reason: str | None
    weights: Mapping[str, float]
    minimums: Mapping[str, int]
    files: dict[str, FileDigest]
    chains: TreeDigest | None
    results: Results


class ReleaseDocument(UnsealedRelease):
    """`release.json`."""

    seal: str


class HistoryProof(TypedDict):
    """That the history of a case is in the tree of a release: hashes in hexadecimal, see civic.chain."""

    case: str
    head: str
    leaf: str
    index: int
    size: int
    path: list[str]
    root: str
