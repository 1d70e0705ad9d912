"""A year of Budapest a second time: from the raw file and CLOCK-AND-SCORES alone, with dates and plain Python.

It takes from the mapping only what a city decides: targets, holidays, times of day.
"""

import gzip
import json
import math
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from statistics import NormalDist, variance
from typing import Any
from zoneinfo import ZoneInfo

from tests.source import ROOT

MAPPING = ROOT / "docs/imports/jarokelo.toml"
YEAR, ZONE = 2024, ZoneInfo("Europe/Budapest")
WEIGHTS = {"response": 25, "resolution": 30, "speed": 10, "ownership": 10}  # nobody rated


@dataclass(frozen=True)
class Turn:
    """A department's turn at a report, by dates: all that the source knows. `report` is the number in its address."""

    report: str
    department: str
    category: str
    received: date
    response_due: date
    resolution_due: date
    first_word: date | None
    resolved: date | None
    place: tuple[float, float]

    @property
    def seconds(self) -> int | None:
        """From 9 o'clock of the day of receipt to 15 o'clock of the day of the solution, by the clocks of Budapest."""
        if self.resolved is None:
            return None
        start, end = (
            datetime.combine(day, time(hour), ZONE) for day, hour in ((self.received, 9), (self.resolved, 15))
        )
        return int(end.timestamp() - start.timestamp())


class WorkingDays:
    """Monday to Friday, without the holidays and with the Saturdays that were worked."""

    def __init__(self, calendar: dict[str, Any]) -> None:
        off, on = set(calendar["holidays"]), set(calendar["workdays"])
        days = (date(2023, 1, 1) + timedelta(days=n) for n in range(5000))
        self.days = [day for day in days if (day.weekday() < 5 and day not in off) or day in on]
        self.next = {}  # of a date, the place of the first working day after it
        place = 0
        for n in range(4500):
            day = date(2023, 1, 1) + timedelta(days=n)
            while self.days[place] <= day:
                place += 1
            self.next[day] = place

    def after(self, start: date, count: int) -> date:
        """The `count`-th working day after `start`, which is not counted itself."""
        return self.days[self.next[start] + count - 1]


def read_turns(path: Path) -> Iterator[Turn]:
    mapping = tomllib.loads(MAPPING.read_text("utf-8"))
    week = WorkingDays(mapping["calendars"]["hivatal"])
    categories, city = mapping["categories"], mapping["city"]
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            # A report without a category has the city's targets; one of a category that names none, the mapping's.
            own = categories["values"].get(row["category"], {}) if row["category"] else city
            targets = [own.get(kind) or categories[kind] for kind in ("response", "resolution")]
            assert all(target.endswith(" working days") for target in targets)
            received = date.fromisoformat(row["date"])
            dues = [week.after(received, int(target.split()[0])) for target in targets]
            answered = _day(row["first_authority_response_date"])
            resolved = _day(row["resolution_date"]) if row["status"] == "Megoldott" else None
            if row["status"] == "Megoldott" and (resolved is None or not row["institution"]):
                continue  # nobody can say when, or by whom
            word = min((day for day in (answered, resolved) if day), default=None)
            department = row["institution"] if row["status"] != "Kiegészítésre vár" else None
            yield Turn(
                re.search(r"/(\d+)/", row["url"])[1],  # type: ignore[index]
                department or "",
                row["category"],
                received,
                *dues,
                word if department else None,
                resolved,
                (float(row["latitude"]), float(row["longitude"])),
            )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def is_of_year(turn: Turn) -> bool:
    """Whether anything of it counts in the year."""
    return YEAR in (turn.received.year, turn.response_due.year, turn.resolution_due.year)


def is_kept(turn: Turn, kind: str) -> bool:
    """The times of day of the mapping lie before the closing time: dates decide."""
    done, due = (turn.first_word, turn.response_due) if kind == "response" else (turn.resolved, turn.resolution_due)
    return done is not None and done <= due


def leave_out_nearby(turns: Sequence[Turn], everything: Sequence[Turn], numbers: Mapping[str, str]) -> list[Turn]:
    """Leave out what lies within 50 m of an earlier one that counts, of the same day, category and department."""
    days = {turn.received for turn in turns}
    kept: dict[tuple[str, str, date], list[tuple[float, float]]] = defaultdict(list)
    left = []
    for turn in sorted(
        (turn for turn in everything if turn.received in days), key=lambda t: (t.received, numbers[t.report])
    ):
        places = kept[turn.department, turn.category, turn.received]
        if turn.department and any(metres(turn.place, place) <= 50 for place in places):
            continue
        places.append(turn.place)
        left.append(turn)
    return [turn for turn in left if is_of_year(turn)]


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The haversine formula, on a sphere of 6,371 km."""
    (lat, lon), (lat2, lon2) = (map(math.radians, place) for place in (one, other))
    h = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * 6_371_000 * math.asin(min(1, math.sqrt(h)))


def group_cases(turns: Sequence[Turn], numbers: Mapping[str, str]) -> dict[str, int]:
    """By receipt, then number as text; the place modulo 100."""
    ordered = sorted(turns, key=lambda turn: (turn.received, numbers[turn.report]))
    return {turn.report: place % 100 for place, turn in enumerate(ordered)}


class PlainFigures:
    """The figures of some turns. `caps` and `comparable` are those of all turns."""

    def __init__(self, turns: Sequence[Turn], caps: Mapping[str, int], whole: "PlainFigures | None" = None) -> None:
        self.n: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in WEIGHTS}
        self.met: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in WEIGHTS}
        self.seconds: Counter[tuple[str, str]] = Counter()
        self.counted: Counter[str] = Counter()
        for turn in turns:
            key = turn.department, turn.category
            for kind in ("response", "resolution"):
                if getattr(turn, f"{kind}_due").year == YEAR:
                    self.n[kind][key] += 1
                    self.met[kind][key] += is_kept(turn, kind)
            if turn.received.year == YEAR:
                self.n["ownership"][key] += 1
                self.met["ownership"][key] += 1
            if turn.resolution_due.year == YEAR and turn.category in caps:
                cap = caps[turn.category]
                self.n["speed"][key] += 1
                self.seconds[key] += cap if turn.seconds is None else min(max(turn.seconds, 60), cap)
            self.counted[turn.department] += is_of_year(turn)
        self.whole = whole or self
        self.city = {kind: self.by_category(self.n[kind]) for kind in WEIGHTS}
        self.city_met = {kind: self.by_category(self.met[kind]) for kind in WEIGHTS}
        self.city_seconds = self.by_category(self.seconds)

    @staticmethod
    def by_category(counts: Counter[tuple[str, str]]) -> Counter[str]:
        total: Counter[str] = Counter()
        for (_department, category), count in counts.items():
            total[category] += count
        return total

    def of(self, counts: Counter[tuple[str, str]], name: str) -> dict[str, int]:
        return {category: count for (department, category), count in counts.items() if department == name}

    def totals(self, kind: str, name: str) -> tuple[int, int]:
        return sum(self.of(self.met[kind], name).values()), sum(self.of(self.n[kind], name).values())

    def adjusted(self, kind: str, name: str) -> float:
        """The case mix: odds(raw) · odds(o) / odds(expected); the raw share where that cannot be said."""
        met, n = self.totals(kind, name)
        if not n:
            return self.whole.adjusted(kind, name)
        own, own_met = self.of(self.n[kind], name), self.of(self.met[kind], name)
        whole_own = self.whole.of(self.whole.n[kind], name)
        usual = {}
        for category, count in self.whole.city[kind].items():
            others = self.city[kind][category] - own.get(category, 0)
            if count - whole_own.get(category, 0) >= 30 and others:
                usual[category] = (self.city_met[kind][category] - own_met.get(category, 0)) / others
        if not usual:
            return met / n
        o = sum(self.city[kind][category] * p for category, p in usual.items())
        o /= sum(self.city[kind][category] for category in usual)
        expected = sum(count * usual.get(category, o) for category, count in own.items()) / n
        if not all(0 < share < 1 for share in (met / n, o, expected)):
            return met / n
        odds = met / (n - met) * o / (1 - o) / expected * (1 - expected)
        return odds / (1 + odds)

    def ratio(self, name: str) -> float:
        own = self.of(self.n["speed"], name)
        if not any(own.values()):
            return self.whole.ratio(name)
        mean = {category: self.city_seconds[category] / n for category, n in self.city["speed"].items() if n}
        return sum(n * mean[category] for category, n in own.items() if n) / sum(self.of(self.seconds, name).values())

    def value(self, kind: str, name: str) -> float:
        """What enters the composite of a department with enough data."""
        if kind == "speed":
            return self.ratio(name) / (1 + self.ratio(name))
        if kind == "ownership":
            return 1.0
        return self.adjusted(kind, name)

    def city_value(self, kind: str) -> float:
        if kind == "speed":
            return 0.5
        return sum(self.met[kind].values()) / sum(self.n[kind].values())


class PlainYear:
    """A year's figures, and chance by leaving out each of the 100 groups."""

    def __init__(self, turns: Sequence[Turn], groups: Mapping[str, int]) -> None:
        self.turns = turns
        times: dict[str, list[int]] = defaultdict(list)
        for turn in turns:
            if turn.resolution_due.year == YEAR and turn.seconds is not None:
                times[turn.category].append(max(60, turn.seconds))
        caps = {category: sorted(found)[math.ceil(0.95 * len(found)) - 1] for category, found in times.items()}
        self.whole = PlainFigures(turns, caps)
        parts = [[turn for turn in turns if groups[turn.report] != group] for group in range(100)]
        self.left = [PlainFigures(part, caps, self.whole) for part in parts]
        names = sorted({turn.department for turn in turns})
        self.enough = {kind: [name for name in names if self.whole.totals(kind, name)[1] >= 10] for kind in WEIGHTS}
        self.scored = [
            name
            for name in names
            if self.whole.counted[name] >= 30 and sum(name in self.enough[kind] for kind in WEIGHTS) >= 3
        ]

    def composites_of(self, figures: PlainFigures) -> dict[str, float]:
        """The composites of all departments that have one."""
        city = {kind: figures.city_value(kind) for kind in WEIGHTS}
        return {
            name: 100
            * sum(
                weight * (figures.value(kind, name) if name in self.enough[kind] else city[kind])
                for kind, weight in WEIGHTS.items()
            )
            / sum(WEIGHTS.values())
            for name in self.scored
        }

    @cached_property
    def composites(self) -> dict[str, float]:
        return self.composites_of(self.whole)

    @cached_property
    def left_composites(self) -> list[dict[str, float]]:
        return [self.composites_of(rest) for rest in self.left]

    @cached_property
    def mean(self) -> float:
        total = sum(self.whole.counted[name] for name in self.scored)
        return sum(self.whole.counted[name] * self.composites[name] for name in self.scored) / total

    @staticmethod
    def spread(values: Sequence[float]) -> float:
        mean = sum(values) / 100
        return 0.99 * sum((value - mean) ** 2 for value in values)

    def unseen(self, name: str) -> float:
        """`u`: the variance between the departments, for each indicator without enough data."""
        total = sum(WEIGHTS.values())
        return sum(
            (100 * weight / total) ** 2 * variance([self.whole.value(kind, other) for other in self.enough[kind]])
            for kind, weight in WEIGHTS.items()
            if name not in self.enough[kind]
        )

    def deviation(self, name: str) -> float:
        return math.sqrt(self.spread([rest[name] for rest in self.left_composites]) + self.unseen(name))

    def rank(self, name: str) -> dict[str, int]:
        pairs = len(self.scored) * (len(self.scored) - 1) / 2
        z = NormalDist().inv_cdf(1 - 0.025 / pairs)
        above = below = 0
        for other in self.scored:
            lead = self.composites[other] - self.composites[name]
            s2 = self.spread([rest[other] - rest[name] for rest in self.left_composites])
            if other != name and abs(lead) > z * math.sqrt(s2 + self.unseen(name) + self.unseen(other)):
                above, below = above + (lead > 0), below + (lead < 0)
        return {"best": 1 + above, "worst": len(self.scored) - below}
