"""In a large city no statement of the map or the desk reads a whole table: the plans, with 200,000 made-up reports."""

import re
from datetime import timedelta
from typing import Any

import pytest

from civic import timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch, in_transaction
from civic.desk import queue
from civic.geo.cells import CellWindow
from civic.geo.maps import MapWindow
from civic.reports.filters import ReportFilters
from civic.reports.maps import queries
from civic.reports.maps.actions import rebuild_map
from tests.builders.riverside import database_dsn, empty, riverside

__all__ = ["database_dsn", "empty", "riverside"]

pytestmark = [pytest.mark.usefixtures("riverside"), pytest.mark.slow]
REPORTS = 200_000
# Ids far above all others. A tenth is open. No trigger runs: histories and marks of the index are not needed here.
ROWS = (
    "SET LOCAL session_replication_role = replica",
    """INSERT INTO clock (id, kind, target, allowance, started_at, due_at, computed, step, calendar_id)
    SELECT 10000000 + n, CASE WHEN n % 2 = 0 THEN 'response' ELSE 'resolution' END, '3 days', 259200,
           now() - n * interval '1 minute', now() - n * interval '1 minute' + interval '90 days', false,
           0, (SELECT min(id) FROM calendar)
    FROM generate_series(1, 2 * $1::int) n""",
    """INSERT INTO post (id, kind, text, email, title, language, created_at, visibility, visibility_before,
                      made_private, hidden_reason, path, votes_count, comments_count, photos_count, channel, source_url)
    SELECT 10000000 + n, 'report', 'A hole in the road, number ' || n, '', '', 'en', now() - n * interval '2 minutes',
           CASE WHEN n % 50 = 0 THEN 'hidden' ELSE 'public' END, '', false, '', '/reports/' || n, n % 7, 0, 0, 'web', ''
    FROM generate_series(1, $1::int) n""",
    """INSERT INTO case_file (id, number, status, category_id, area_id, department_id, priority, received_at,
                           response_clock_id, resolution_clock_id, confirmed_by, declined_reason, decline_overturned,
                           appeal_outcome, reopened, handovers, due_at, unreleased, counted, events_count)
    SELECT 10000000 + n, '26-' || 10000000 + n, CASE WHEN n % 10 = 0 THEN 'in_progress' ELSE 'confirmed' END,
           (SELECT id FROM category ORDER BY id OFFSET n % (SELECT count(*) FROM category) LIMIT 1), NULL,
           (SELECT id FROM department ORDER BY id OFFSET n % (SELECT count(*) FROM department) LIMIT 1), 'normal',
           now() - n * interval '2 minutes', 10000000 + 2 * n, 9999999 + 2 * n, '', '', false, '', 0, 0,
           CASE WHEN n % 10 = 0 THEN now() - n * interval '2 minutes' + interval '90 days' END, false, true, 0
    FROM generate_series(1, $1::int) n""",
    """INSERT INTO report (id, post_id, case_id, main, lat, lon, located_by, address, place_names, answers)
    SELECT 10000000 + n, 10000000 + n, 10000000 + n, true, 31.0 + (n::bigint * 7919 % 4000) / 10000.0,
           117.8 + (n::bigint * 104729 % 4000) / 10000.0, 'pin', '', '{}', '{}'
    FROM generate_series(1, $1::int) n""",
    """INSERT INTO assignment (id, case_id, department_id, part, added_by, started_at, given_at, ended_at, outcome,
                            ended_by, came_back, misrouted, standing, overturned, response_clock_id,
                            resolution_clock_id, due_at)
    SELECT id, id, department_id, 'lead', 'system', received_at, received_at,
           CASE WHEN due_at IS NULL THEN received_at END, CASE WHEN due_at IS NULL THEN 'resolved' END, '',
           false, false, false, false, response_clock_id, resolution_clock_id, due_at
    FROM case_file WHERE id > 10000000""",
)
WHOLE_TABLE = re.compile(r"Seq Scan on (report_point|report_cell|report|post|case_file|assignment|clock)\b(?!_)")
CLOSE = MapWindow(117.99, 31.19, 118.01, 31.21, 17)
WINDOWS = [MapWindow(117.8, 31.0, 118.2, 31.4, zoom) for zoom in (3, 11, 14, 19)] + [CLOSE]


@pytest.fixture
async def city(riverside: None) -> None:
    async with in_transaction():
        for statement in ROWS:
            await fetch(statement, *([REPORTS] if "$1" in statement else []))
    await rebuild_map()
    await fetch("ANALYZE")


class Plans:
    """Stands where a module has `fetch`, and notes the plan of each statement before it is run."""

    def __init__(self) -> None:
        self.whole: list[str] = []
        self.count = 0

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        plan = "\n".join(row["QUERY PLAN"] for row in await fetch(f"EXPLAIN {sql}", *args))
        self.count += 1
        self.whole += [f"{match[0]}\n{sql}\n{plan}" for match in [WHOLE_TABLE.search(plan)] if match]
        return await fetch(sql, *args)


async def test_no_statement_reads_a_whole_table(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plans()
    monkeypatch.setattr(queries, "fetch", plans.fetch)
    monkeypatch.setattr(queue, "fetch", plans.fetch)
    known = await catalogue()
    week = timing.now() - timedelta(days=7)
    filters = [
        ReportFilters(),
        ReportFilters(status="solved"),
        ReportFilters(status="overdue"),
        ReportFilters(status="declined"),  # nothing
        ReportFilters(category="any", category_ids=(known.categories[0].id,)),
        ReportFilters(department="any", department_id=known.departments[0].id, status="solved"),
        ReportFilters(since=week, status="solved"),
        ReportFilters(near=(31.2, 118.0, 500)),
    ]
    shown = []
    for one in filters:
        for window in WINDOWS:
            answer = await queries.map_points(one, CellWindow.around(window), window.zoom)
            assert len(answer.model_dump_json()) <= queries.MAX_ANSWER_BYTES, (one, window)
            shown.append(len(answer.pins) + len(answer.clusters))
    assert max(shown) > 150
    departments = [one.id for one in known.every_department]
    dispatcher = Person(id=1, role=Role.DISPATCHER)
    agent = Person(id=1, role=Role.AGENT, departments=frozenset(departments[:1]))
    for person, some in ((dispatcher, None), (dispatcher, departments), (agent, departments[:1])):
        for view in queue.VIEWS:
            page = await queue.load_queue(person, some, view)
            await queue.load_queue(person, some, view, after=page.next)
        page = await queue.load_queue(person, some, "due")
        assert page.counts["due"] > 500
        assert await queue.find_next_case(person, some, page.next, page.rows[0].case_id)
    assert plans.count > 80
    assert not plans.whole, plans.whole[0]
