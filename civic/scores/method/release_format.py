"""The parts of `release.json` as types: plain data that JSON can hold. docs/method.md explains each name."""

from collections.abc import Mapping
from typing import TypedDict


class Interval(TypedDict):
    """A value and the ends of its 95 % interval."""

    value: float
    lo: float
    hi: float


class IndicatorFigure(TypedDict):
    """What every indicator has. Without enough data everything but `n` is None."""

    n: int
    value: float | None
    lo: float | None
    hi: float | None


class ShareFigure(IndicatorFigure):
    """A share of `n` as it was, with Wilson's interval."""

    met: int | None


class MixedFigure(ShareFigure):
    """A share as it was, and beside it `adjusted` for the case mix, with what that comes from.

    `compared` of the `n` are in categories that can be compared; `usual` and `expected` are None without any category.
    """

    adjusted: float | None
    usual: float | None
    expected: float | None
    compared: int | None


class SpeedFigure(IndicatorFigure):
    """`value` is `x / (1 + x)`, `ratio` is `x`; and the mean seconds of the department, and of the city in the same."""

    ratio: float | None
    mean_s: float | None
    city_s: float | None


class StarFigure(IndicatorFigure):
    """`value` is the plain mean in stars, 1 to 5; `shrunk` the mean that is drawn towards the city's."""

    shrunk: float | None


class IndicatorFigures(TypedDict):
    response: MixedFigure
    resolution: MixedFigure
    speed: SpeedFigure
    satisfaction: StarFigure
    ownership: ShareFigure


class CountedShare(TypedDict):
    """How many of `n`; None without enough data."""

    n: int
    count: int | None
    share: float | None


class PublishedShares(TypedDict):
    """What stands beside a score, see docs/method.md, "Published shares"."""

    declined: CountedShare
    merged: CountedShare
    passed_on: CountedShare
    misrouted: CountedShare
    paused: CountedShare
    unanswered: CountedShare
    confirmed: CountedShare
    closed_by_time: CountedShare
    reopened: CountedShare
    rated: CountedShare
    repeated_words: CountedShare


class RankRange(TypedDict):
    best: int
    worst: int


class CityStanding(TypedDict):
    """`code` is better, as or below. `alone`: less than half of what counts for resolution can be compared."""

    code: str
    alone: bool
    points: float
    margin: float


class LineFigures(TypedDict):
    """The line of a department. `parts`: what entered its composite, by indicator, from 0 to 1."""

    counted: int
    indicators: IndicatorFigures
    shares: PublishedShares
    composite: Interval | None
    parts: dict[str, float] | None
    standing: CityStanding | None
    rank: RankRange | None


class CitySpeedFigure(TypedDict):
    """The mean seconds from a case's receipt to its standing resolution."""

    n: int
    mean_s: float | None


class CityIndicators(TypedDict):
    response: ShareFigure
    resolution: ShareFigure
    speed: CitySpeedFigure
    satisfaction: StarFigure
    ownership: ShareFigure


class CityFigures(TypedDict):
    """The city's line: whole cases. `composite` is the mean of the departments'; `shares` are of all assignments."""

    counted: int
    indicators: CityIndicators
    shares: PublishedShares
    composite: float | None


class ShareYardstick(TypedDict):
    n: int
    met: int


class SpeedYardstick(TypedDict):
    n: int
    cap_s: int
    mean_s: float


class RatingYardstick(TypedDict):
    n: int
    mean: float | None
    variance: float | None


class YardstickFigures(TypedDict):
    """The city over all its assignments, by category, and over all its ratings.

    `summed`: the indicators that make up the composite, with what enters for a department without enough data (None for
    satisfaction, which has a value of its own for everybody).
    """

    response: dict[str, ShareYardstick]
    resolution: dict[str, ShareYardstick]
    speed: dict[str, SpeedYardstick]
    satisfaction: RatingYardstick
    summed: dict[str, float | None]


class Results(TypedDict):
    """All that is computed of a period. `departments`: slug → line."""

    departments: dict[str, LineFigures]
    city: CityFigures
    yardsticks: YardstickFigures


# From its first instant up to, but not including, its last. "from" is a word of Python, so the class is made this way.
PeriodInstants = TypedDict("PeriodInstants", {"from": str, "to": str})


class TwelveMonths(TypedDict):
    """The twelve months that end with a quarter, by what stands when the release is made."""

    period: PeriodInstants
    results: Results


class FileDigest(TypedDict):
    bytes: int
    sha256: str


class TreeDigest(TypedDict):
    """The Merkle tree over the heads of all cases' histories: its root in hexadecimal, its number of leaves."""

    root: str
    size: int


class SealReference(TypedDict):
    """The release that was made before, and its seal in hexadecimal."""

    release: str
    seal: str


class LeftOut(TypedDict):
    """How many cases and ratings of the period are not in the files, by the first reason that holds."""

    cases: dict[str, int]
    ratings: dict[str, int]


class UnsealedRelease(TypedDict):
    release: str
    method: str
    zone: str
    period: PeriodInstants
    confirm_days: int
    made_at: str
    replaces: str | None
    reason: str | None
    previous: SealReference | None
    weights: Mapping[str, float]
    minimums: Mapping[str, int]
    files: dict[str, FileDigest]
    chains: TreeDigest | None
    left_out: LeftOut
    results: Results
    twelve_months: TwelveMonths | None


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
