"""A real city's two years: imported whole, scored for 2024, and every figure computed a second time.

The second computation reads the raw file and CLOCK-AND-SCORES (docs/method.md), not the program: dates, working days
and shares in plain Python. It takes from the mapping only what a city decides: targets, holidays, times of day.
"""

import gzip
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from civic.cases.models import Assignment, Case
from civic.catalogue.models import Department
from civic.imports.actions import import_file
from civic.imports.mapping import read_mapping
from civic.reports.models import Report
from civic.scores import queries as scores
from civic.scores.actions import publish_release
from civic.scores.periods import parse_span
from civic.scores.verify import verify_release
from tests.clients import Client
from tests.source import ROOT

pytestmark = pytest.mark.slow

MAPPING = ROOT / "docs/imports/jarokelo.toml"
YEAR = 2024
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Turn:
    """A department's turn at a report, by dates: all that the source knows."""

    department: str
    category: str
    response_due: date
    resolution_due: date
    first_word: date | None
    resolved: date | None


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
            yield Turn(department or "", row["category"], *dues, word if department else None, resolved)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass
class Share:
    """In time, of all."""

    met: int = 0
    n: int = 0

    @property
    def raw(self) -> float:
        return self.met / self.n


def share_of(turns: list[Turn], kind: str) -> dict[tuple[str, str], Share]:
    """By department and category: the turns that fell due in the year, and those that were in time."""
    found: dict[tuple[str, str], Share] = {}
    for turn in turns:
        due, done = getattr(turn, f"{kind}_due"), turn.first_word if kind == "response" else turn.resolved
        if due.year == YEAR:
            share = found.setdefault((turn.department, turn.category), Share())
            share.n += 1
            # The times of day of the mapping lie before the closing time: dates decide.
            share.met += done is not None and done <= due
    return found


def summed(shares: dict[tuple[str, str], Share], by: int) -> dict[str, Share]:
    total: dict[str, Share] = {}
    for key, share in shares.items():
        one = total.setdefault(key[by], Share())
        one.met, one.n = one.met + share.met, one.n + share.n
    return total


def adjusted(department: str, shares: dict[tuple[str, str], Share]) -> float:
    """The case mix of CLOCK-AND-SCORES 3."""
    mine = {category: share.n for (whose, category), share in shares.items() if whose == department}
    by_category = summed(shares, 1)
    expected = sum(n * by_category[category].raw for category, n in mine.items()) / sum(mine.values())
    everybody = sum(share.met for share in by_category.values()) / sum(share.n for share in by_category.values())
    raw = summed(shares, 0)[department].raw
    return min(1.0, raw / expected * everybody) if expected else raw


async def test_budapest_is_scored_as_the_definitions_say(database: str, data: Path, tmp_path: Path) -> None:
    path = data / "jarokelo-budapest" / "issues.jsonl.gz"
    turns = list(read_turns(path))
    done = await import_file(path, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    assert (done.imported, done.refused) == (len(turns), done.rows - len(turns))
    assert done.rows == 26_631
    assert done.reasons == Counter(nobody=4, no_end=4)

    made = await publish_release(parse_span(str(YEAR)))
    files = await scores.get_files(made.id)
    assert verify_release(json.loads(files["release.json"]), files["assignments.csv"], files["ratings.csv"]) == []

    names = {one.slug: one.names["hu"] for one in await Department.all()}
    assert len(names) == len({turn.department for turn in turns} - {""})
    lines = made.document["results"]["departments"]
    with_department = [turn for turn in turns if turn.department]
    for kind in ("response", "resolution"):
        shares = share_of(with_department, kind)
        mine = summed(shares, 0)
        published = {names[slug]: line["indicators"][kind] for slug, line in lines.items()}
        assert {name for name, share in mine.items() if share.n} <= set(published)
        enough = [name for name, found in published.items() if found["value"] is not None]
        assert len(enough) > 70
        for name, found in published.items():
            _same(name, kind, found, mine.get(name, Share()), shares)
        city = made.document["results"]["city"]["indicators"][kind]
        everybody = summed({("", key[1]): one for key, one in share_of(_as_cases(turns), kind).items()}, 0)[""]
        assert (city["n"], city["met"]) == (everybody.n, everybody.met)
        assert abs(city["raw"] - everybody.raw) < TOLERANCE


def _as_cases(turns: list[Turn]) -> list[Turn]:
    """A case has one turn here, or none; the promise to the citizen is the same."""
    return [Turn("", *(getattr(turn, name) for name in Turn.__match_args__[1:])) for turn in turns]


def _same(name: str, kind: str, found: dict[str, Any], share: Share, shares: dict[tuple[str, str], Share]) -> None:
    assert found["n"] == share.n, (name, kind)
    if share.n < 10:
        assert found["value"] is None
        return
    assert found["met"] == share.met, (name, kind)
    assert abs(found["raw"] - share.raw) < TOLERANCE, (name, kind)
    assert abs(found["value"] - adjusted(name, shares)) < TOLERANCE, (name, kind)


async def test_a_changed_digit_is_found(database: str, data: Path, tmp_path: Path) -> None:
    """On a part of the set: `verify` names the first difference."""
    part = tmp_path / "part.jsonl"
    with gzip.open(data / "jarokelo-budapest" / "issues.jsonl.gz", "rb") as file:
        part.write_bytes(b"".join(next(file) for _ in range(2000)))
    await import_file(part, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    made = await publish_release(parse_span(str(YEAR)))
    files = await scores.get_files(made.id)
    release, assignments = json.loads(files["release.json"]), files["assignments.csv"]
    assert verify_release(release, assignments, files["ratings.csv"]) == []
    last = assignments.rindex(b"2024-")
    changed = assignments[:last] + b"2023-" + assignments[last + 5 :]
    assert verify_release(release, changed, files["ratings.csv"]) != []


async def test_the_pages_show_what_was_imported(client: Client, data: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    with gzip.open(data / "jarokelo-budapest" / "issues.jsonl.gz", "rb") as file:
        part.write_bytes(b"".join(next(file) for _ in range(1000)))
    await import_file(part, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    assert await Case.all().count() == await Assignment.all().count() == 1000
    report = await Report.all().order_by("-id").first()
    assert report
    for address in ("/", "/reports", "/reports?category=pothole", "/map", f"/reports/{report.id}"):
        answer = await client.get(address)
        assert answer.status_code == 200, address
