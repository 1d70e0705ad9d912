"""Working time by look-up against the plain walk over days, in Python and in SQL, in one run.

    python -m benchmarks.calendars [--dsn postgresql://…] [--rows 200000]

The walk goes through the days between the two instants. In SQL it generates the days of each row, with their hours.
Both ways must give the same sum.
"""

import argparse
import asyncio
import os
import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg

from civic.sla.calendars import WorkingCalendar
from civic.sla.hours import CalendarSpec

FUNCTIONS = (Path(__file__).parents[1] / "civic/migrations/initial/sla.sql").read_text("utf-8")
ZONE = "Europe/Budapest"
HOURS = [(time(9), time(12)), (time(13, 30), time(17, 30))]
SPEC = CalendarSpec(ZONE, dict.fromkeys(range(5), HOURS), holidays={date(year, 12, 25) for year in range(2000, 2037)})
TABLE = """CREATE UNLOGGED TABLE calendar_interval (calendar_id bigint, opens_at timestamptz, closes_at timestamptz,
    before_seconds bigint, local_date date, PRIMARY KEY (calendar_id, opens_at))"""
SPANS = "CREATE UNLOGGED TABLE spans (a timestamptz, b timestamptz, s double precision)"
# What one would write without the table: the days of each span, their hours in the calendar's zone, what overlaps.
WALK = f"""SELECT sum(extract(epoch FROM least(b, closes) - greatest(a, opens)))::float8 FROM spans,
    generate_series((a AT TIME ZONE '{ZONE}')::date::timestamp, (b AT TIME ZONE '{ZONE}')::date,
        interval '1 day') AS day,
    LATERAL (VALUES ((day + time '09:00') AT TIME ZONE '{ZONE}', (day + time '12:00') AT TIME ZONE '{ZONE}'),
                    ((day + time '13:30') AT TIME ZONE '{ZONE}', (day + time '17:30') AT TIME ZONE '{ZONE}')
    ) AS hours (opens, closes)
    WHERE extract(isodow FROM day) < 6 AND to_char(day, 'MM-DD') <> '12-25' AND opens < b AND closes > a"""


def walk_seconds(a: datetime, b: datetime) -> float:
    """Opening time in [a, b) by going through the days."""
    zone, total = ZoneInfo(ZONE), 0.0
    day, last = a.astimezone(zone).date(), b.astimezone(zone).date()
    while day <= last:
        for opens, closes in open_hours(day, zone):
            total += max(0.0, (min(b, closes) - max(a, opens)).total_seconds())
        day += timedelta(days=1)
    return total


def walk_add(a: datetime, s: float) -> datetime:
    """The instant at which `s` seconds of opening time have passed since `a`, by going through the days."""
    zone = ZoneInfo(ZONE)
    day = a.astimezone(zone).date()
    while True:
        for opens, closes in open_hours(day, zone):
            begin = max(a, opens)
            here = max(0.0, (closes - begin).total_seconds())
            if here >= s:
                return begin + timedelta(seconds=s)
            s -= here
        day += timedelta(days=1)


def open_hours(day: date, zone: ZoneInfo) -> Iterable[tuple[datetime, datetime]]:
    if day.weekday() > 4 or day in SPEC.holidays:
        return
    for opens, closes in HOURS:
        yield (
            datetime.combine(day, opens, zone).astimezone(UTC),
            datetime.combine(day, closes, zone).astimezone(UTC),
        )


Span = tuple[datetime, datetime, float]


def some_spans(count: int, days: int, calendar: WorkingCalendar) -> list[Span]:
    """Spans of random length from random instants of the years 2005 to 2029, with the opening time in them."""
    chance, first = random.Random(1), datetime(2005, 1, 1, tzinfo=UTC)
    spans = []
    for _ in range(count):
        a = first + timedelta(seconds=chance.randrange(24 * 365 * 86_400))
        b = a + timedelta(seconds=chance.randrange(days * 86_400))
        spans.append((a, b, calendar.working_seconds(a, b)))
    return spans


def python_times(spans: list[Span], calendar: WorkingCalendar) -> dict[str, tuple[float, float]]:
    """Microseconds a call, (look-up, walk), by question. Both must agree."""
    some = spans[:5_000]
    assert all(abs(walk_seconds(a, b) - s) < 1e-6 for a, b, s in some)
    assert all(abs(walk_add(a, s) - calendar.add_working(a, s)) < timedelta(microseconds=2) for a, _, s in some if s)
    return {
        "Python working_seconds": (
            each(lambda a, b, s: calendar.working_seconds(a, b), spans),
            each(lambda a, b, s: walk_seconds(a, b), some),
        ),
        "Python add_working": (
            each(lambda a, b, s: calendar.add_working(a, s), spans),
            each(lambda a, b, s: walk_add(a, s), some),
        ),
    }


def each(call: Callable[[datetime, datetime, float], object], spans: list[Span]) -> float:
    start = perf_counter()
    for a, b, s in spans:
        call(a, b, s)
    return (perf_counter() - start) / len(spans) * 1e6


async def sql_times(spans: list[Span], calendar: WorkingCalendar, dsn: str) -> dict[str, tuple[float, float | None]]:
    """Microseconds a row, (look-up, walk); nobody would write the walk for add_working in SQL."""
    connection = await asyncpg.connect(dsn)
    schema = f"benchmark_{uuid4().hex}"
    await connection.execute(f"CREATE SCHEMA {schema}; SET search_path TO {schema}")
    try:
        for statement in (TABLE, SPANS, FUNCTIONS):
            await connection.execute(statement)
        rows = [(1, *row) for row in calendar.table()]
        await connection.copy_records_to_table("calendar_interval", records=rows)
        await connection.copy_records_to_table("spans", records=spans)
        await connection.execute("ANALYZE")
        found, look_up = await timed(connection, "SELECT sum(working_seconds(1, a, b)) FROM spans")
        walked, walk = await timed(connection, WALK)
        assert abs(found - walked) < 1e-3, (found, walked)
        _, add = await timed(connection, "SELECT count(add_working(1, a, s)) FROM spans")
        per_row = 1e6 / len(spans)
        return {
            "SQL working_seconds": (look_up * per_row, walk * per_row),
            "SQL add_working": (add * per_row, None),
        }
    finally:
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
        await connection.close()


async def timed(connection: asyncpg.Connection, query: str) -> tuple[float, float]:
    await connection.fetchval("SELECT count(*) FROM spans")
    start = perf_counter()
    return await connection.fetchval(query), perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--dsn", default=os.environ.get("CIVIC_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1/postgres")
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--span", type=int, default=60, help="days that a row spans at most")
    given = parser.parse_args()
    start = perf_counter()
    calendar = WorkingCalendar.build(SPEC)
    print(f"calendar 2000-01-01 to {calendar.until} laid out in {(perf_counter() - start) * 1e3:.0f} ms")
    spans = some_spans(given.rows, given.span, calendar)
    times = python_times(spans, calendar) | asyncio.run(sql_times(spans, calendar, given.dsn))
    print(f"{'spans up to ' + str(given.span) + ' days':<26}{'look-up µs':>12}{'walk µs':>12}{'times':>8}")
    for question, (look_up, walk) in times.items():
        walked = f"{walk:>12.2f}{walk / look_up:>8.1f}" if walk else f"{'-':>12}{'-':>8}"
        print(f"{question:<26}{look_up:>12.2f}{walked}")


if __name__ == "__main__":
    main()
