"""The demo city's past: reports of the last three quarters, imported as a city would, and two releases."""

import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from civic import timing
from civic.cases import actions as cases
from civic.catalogue.catalogue import Catalogue, CategoryView
from civic.catalogue.queries import catalogue
from civic.city.queries import CityView, city
from civic.db import fetch, in_transaction, retry_transaction
from civic.demo.city_plan import street_map
from civic.demo.phrases import LANGUAGES, ReportWriter, choose
from civic.geo.models import Place
from civic.imports.actions import import_file
from civic.imports.mapping import ImportMapping
from civic.posts.models import Post
from civic.scores.actions import publish_release
from civic.scores.method.spans import Span
from civic.scores.models import Release
from civic.sla.calendars import WorkingCalendar
from civic.sla.queries import working_calendar
from civic.sla.targets import due, parse_target

REPORT_COUNT = 1200
RATING_COUNT = 500
ENDED = timedelta(days=20)  # before now; what is younger is played, and has promises that run
WOBBLE = 0.0015  # degrees around a place
IN_TIME_AT_LEAST, IN_TIME_AT_MOST = 0.05, 0.95  # shares of the time that a promise allows
LATE_AT_MOST = 2.4


@dataclass(frozen=True)
class Performance:
    """How well a department works: shares in time, the share of the allowed time that it usually takes, mean stars.

    `kept`: the share of the cases that come to it which it does not pass on.
    """

    answered: float
    solved: float
    pace: float
    stars: float
    kept: float


# Three quarters in time on the whole; some departments are clearly better than the city and some worse.
PERFORMANCE = {
    "water": Performance(0.96, 0.94, 0.25, 4.7, 0.95),
    "parks": Performance(0.90, 0.88, 0.40, 4.4, 0.9),
    "lighting": Performance(0.87, 0.85, 0.45, 4.2, 0.95),
    "sanitation": Performance(0.82, 0.80, 0.50, 4.0, 0.8),
    "drainage": Performance(0.76, 0.72, 0.55, 3.7, 0.85),
    "old-town-urban": Performance(0.74, 0.72, 0.60, 3.6, 0.9),
    "traffic-police": Performance(0.70, 0.66, 0.65, 3.4, 0.6),
    "urban-management": Performance(0.58, 0.55, 0.75, 2.9, 0.7),
    "roads": Performance(0.52, 0.48, 0.80, 2.6, 0.45),
}
# Departments that share a kind of work: without that, nobody could be compared with the others.
DEPARTMENTS_BY_CATEGORY = {
    "pothole": ("roads", "urban-management", "old-town-urban"),
    "street-light": ("lighting", "urban-management", "old-town-urban"),
    "bin": ("sanitation", "parks", "old-town-urban"),
    "missed-collection": ("sanitation", "old-town-urban", "urban-management"),
    "tree": ("parks", "sanitation", "lighting"),
    "water-leak": ("water", "drainage", "roads"),
    "illegal-parking": ("traffic-police", "urban-management", "old-town-urban"),
    "road-sign": ("traffic-police", "roads", "lighting"),
    "green-space": ("parks", "sanitation", "water"),
    "drain": ("drainage", "water", "roads"),
}
COLUMNS = (
    *("id", "text", "category", "department", "lat", "lon", "address", "status"),
    *("received", "first_answer", "resolved", "answer_text", "resolution_text"),
)
MAPPING = {
    "times": {"zone": "Asia/Shanghai", "formats": ["%Y-%m-%d %H:%M:%S"]},
    "columns": {name: name for name in COLUMNS},
    "history": {"statuses": {"resolved": "resolved"}},
    "routed_by": "dispatcher",
}


def quarters(today: date) -> tuple[Span, Span]:
    """The two whole quarters before this one, the earlier first."""
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    spans = []
    for _ in range(2):
        last = first - timedelta(days=1)
        first = date(last.year, last.month - 2, 1)
        spans.append(Span(first, last))
    return spans[1], spans[0]


async def make_history(now: datetime) -> None:
    """Import the past: from the beginning of the first quarter that is published."""
    view = await city()
    before, _last = _published(view, now)
    past = await Past.make(before.instants(view.zone)[0], now - ENDED)
    with tempfile.TemporaryDirectory() as folder:
        for language in LANGUAGES:
            file = Path(folder) / f"past-{language}.jsonl"
            rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in past.rows(language, REPORT_COUNT // 2)]
            file.write_text("".join(rows), "utf-8")
            await import_file(file, await _mapping(language), Path(folder) / f"refused-{language}.jsonl")
    await _rate()


async def publish_history(now: datetime) -> list[Release]:
    """Publish both quarters, when all is there: a release covers the history of every case that began before it."""
    return [await publish_release(span) for span in _published(await city(), now)]


def _published(view: CityView, now: datetime) -> tuple[Span, Span]:
    # In the latest quarter that is published every solution is confirmed or disputed by now.
    settled = now - timedelta(days=view.settings.confirm_days + 1)
    return quarters(settled.astimezone(view.zone).date())


async def _mapping(language: str) -> ImportMapping:
    loaded = await catalogue()
    values = {one.slug: {"slug": one.slug} for one in loaded.departments}
    codes = {one.code: {"code": one.code} for one in loaded.categories}
    named = {"name": f"demo-{language}", "language": language}
    return ImportMapping.model_validate(
        {**MAPPING, **named, "departments": {"values": values}, "categories": {"values": codes}}
    )


@dataclass(frozen=True)
class Past:
    """What rows of the past are made from: the city, its places and calendars, and the time in which they lie."""

    view: CityView
    known: Catalogue
    calendars: dict[str, WorkingCalendar]  # by the department's slug
    places: list[Place]
    start: datetime
    end: datetime

    @classmethod
    async def make(cls, start: datetime, end: datetime) -> "Past":
        known = await catalogue()
        calendars = {one.slug: await working_calendar(one.calendar_id) for one in known.departments}
        return cls(await city(), known, calendars, await Place.all().order_by("id"), start, end)

    def rows(self, language: str, count: int) -> Iterator[dict[str, str]]:
        """Rows as a city would export them, at random, but the same each time; none that is not solved by the end."""
        chance = random.Random(language)  # noqa: S311  # a made-up past, not a secret
        writer = ReportWriter(chance, language)
        for number in range(count):
            row = self._row(chance, writer, language, number)
            if row["resolved"] < f"{self.end.astimezone(self.view.zone)}":
                yield row

    def _row(self, chance: random.Random, writer: ReportWriter, language: str, number: int) -> dict[str, str]:
        category = self.known.category_by_code[chance.choice(list(DEPARTMENTS_BY_CATEGORY))]
        slug, place = chance.choice(DEPARTMENTS_BY_CATEGORY[category.code]), chance.choice(self.places)
        name = place.names.get(language) or next(iter(place.names.values()))
        wobble = chance.uniform(-WOBBLE, WOBBLE), chance.uniform(-WOBBLE, WOBBLE)
        lat, lon = street_map().nearest(place.lat + wobble[0], place.lon + wobble[1])
        received = self.start + (self.end - self.start) * chance.random()
        received = received.astimezone(self.view.zone).replace(hour=chance.randint(7, 20), minute=chance.randint(0, 59))
        answered, resolved = self._work(chance, category, slug, received)
        times = {"received": received, "first_answer": answered, "resolved": resolved}
        return {
            "id": str(number),
            "text": writer.write(category.code, name),
            "category": category.code,
            "department": slug,
            "lat": f"{lat:.6f}",
            "lon": f"{lon:.6f}",
            "address": name,
            "status": "resolved",
            **{key: f"{at.astimezone(self.view.zone):%Y-%m-%d %H:%M:%S}" for key, at in times.items()},
            "answer_text": choose("answered", language, chance.randrange(100), place=name),
            "resolution_text": choose("solved", language, chance.randrange(100), place=name),
        }

    def _work(
        self, chance: random.Random, category: CategoryView, slug: str, received: datetime
    ) -> tuple[datetime, datetime]:
        """When the department's first word came, and when it had solved the case."""
        how, calendar, settings = PERFORMANCE[slug], self.calendars[slug], self.view.settings
        answer_due = due(parse_target(category.response_target or settings.response), received, calendar)
        solution_due = due(parse_target(category.resolution_target or settings.resolution), received, calendar)
        answered = _take(chance, calendar, received, answer_due, how.answered, how.pace)
        resolved = _take(chance, calendar, received, solution_due, how.solved, how.pace)
        # Whoever is at work answers no later than with the solution.
        return min(answered, resolved), max(answered + timedelta(minutes=20), resolved)


def _take(
    chance: random.Random, calendar: WorkingCalendar, start: datetime, end: datetime, in_time: float, pace: float
) -> datetime:
    """When something is done that is to be done by `end`; in time with that chance, at opening hours."""
    if chance.random() < in_time:
        share = min(IN_TIME_AT_MOST, max(IN_TIME_AT_LEAST, chance.gauss(pace, 0.2)))
    else:
        share = 1.1 + (LATE_AT_MOST - 1.1) * chance.random() ** 2
    if seconds := calendar.working_seconds(start, end):
        return calendar.add_working(start, seconds * share)
    return start + (end - start) * share


@retry_transaction
async def _rate() -> None:
    """Rate some of the resolved cases, one day after."""
    rows = await fetch(
        "SELECT c.id, r.post_id, c.resolved_at, d.slug FROM case_file c JOIN report r ON r.case_id = c.id"
        " JOIN department d ON d.id = c.department_id WHERE c.resolved_at IS NOT NULL ORDER BY hashint8(c.id) LIMIT $1",
        RATING_COUNT,
    )
    chance = random.Random(21)  # noqa: S311
    async with in_transaction():
        await Post.filter(id__in=[row["post_id"] for row in rows]).update(email_confirmed_at=timing.now())
        for row in rows:
            stars = min(5, max(1, round(chance.gauss(PERFORMANCE[row["slug"]].stars, 0.8))))
            with timing.at(row["resolved_at"] + timedelta(days=1)):
                await cases.rate_handling(row["id"], rater=f"post:{row['post_id']}", stars=stars)
