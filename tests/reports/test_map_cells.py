"""What the map counts ahead: the same in Python and in SQL, right at every moment, and what is kept of its answers."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from civic import timing
from civic.accounts.people import NOBODY, Person
from civic.db import execute, fetch, in_transaction
from civic.geo.cells import MAX_CELLS, UNIT_ZOOM, CellWindow, at_zoom, degrees_of, join_spans, name_cell, world_position
from civic.geo.maps import MapWindow
from civic.posts import moderation
from civic.reports.actions import post_report
from civic.reports.filters import ReportFilters
from civic.reports.forms import ReportForm
from civic.reports.maps import queries
from civic.reports.maps.actions import mark_late_points, rebuild_map, sum_up_changes
from civic.reports.maps.queries import MapFaults, find_map_faults, map_points
from civic.reports.maps.sql import SUM_UP
from tests.builders.posts import ana, bo, dan, make_report
from tests.clients import Client
from tests.statements import counting

__all__ = ["ana", "bo", "dan"]

pytestmark = pytest.mark.usefixtures("riverside")
CITY = MapWindow(117.8, 31.0, 118.2, 31.4, 12)
ASKED = "/map/points?bbox=117.8,31.0,118.2,31.4&zoom=12"
PLACES = "SELECT map_x($2) AS x, map_y($1) AS y, map_cell(map_x($2), map_y($1)) AS cell, map_lat(map_y($1)) AS lat"
RIGHT = MapFaults(0, 0, 0)


async def test_sql_and_python_name_the_same_cells(database: str) -> None:
    chance = random.Random(5)
    asked = [(chance.uniform(-85, 85), chance.uniform(-180, 180)) for _ in range(300)]
    for lat, lon in [*asked, (90.0, 180.0), (-90.0, -180.0), (0.0, 0.0)]:
        [row] = await fetch(PLACES, lat, lon)
        x, y = world_position(lat, lon)
        assert abs(row["x"] - x) <= 1  # the last digit of a logarithm
        assert abs(row["y"] - y) <= 1
        assert row["cell"] == name_cell(row["x"], row["y"], UNIT_ZOOM)
        assert row["lat"] == pytest.approx(degrees_of(x, y)[0], abs=1e-6)


@pytest.mark.parametrize("zoom", [0, 1, 11, 14, 19, 22])
def test_a_window_is_at_most_so_many_cells(zoom: int) -> None:
    for box in ((-180, -85, 180, 85), (-1e9, -1e9, 1e9, 1e9), (18.7, 47.3, 19.4, 47.7), (19, 47.5, 19.01, 47.51)):
        found = CellWindow.around(MapWindow(*box, zoom))
        assert found.size <= MAX_CELLS
        assert len(set(found.cells())) == found.size
        assert found.zoom <= zoom
    assert CellWindow.around(MapWindow(-180, -85, 180, 85, 19)).zoom <= 2


def test_the_cells_within_a_cell_are_one_range() -> None:
    cell = name_cell(5, 9, 10)
    within = [name_cell(x, y, 12) for x in range(20, 24) for y in range(36, 40)]
    assert join_spans(within) == [(cell << 4, (cell + 1) << 4)]
    assert at_zoom([(cell, cell + 1)], 10, 12) == ([cell << 4], [(cell + 1) << 4])
    assert {one >> 4 for one in within} == {cell}


async def shown(status: str = "", window: MapWindow = CITY) -> Any:
    return await map_points(ReportFilters(status=status), CellWindow.around(window), window.zoom)


async def many(author: Person, number: int) -> None:
    chance = random.Random(3)
    async with in_transaction():
        for _ in range(number):
            lat, lon = 31.19 + chance.uniform(-0.01, 0.01), 118.008 + chance.uniform(-0.01, 0.01)
            await post_report(ReportForm(text="A hole", lat=lat, lon=lon), author)


async def test_counts_are_right_before_and_after_they_are_summed_up(
    ana: Person, dan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_PINS", 3)
    await many(ana, 30)
    await sum_up_changes()
    ids = [row["id"] for row in await fetch("SELECT id FROM case_file ORDER BY id")]
    await execute("UPDATE case_file SET status = 'resolved', due_at = NULL WHERE id = ANY($1)", ids[:5])
    await execute("UPDATE case_file SET due_at = now() - interval '1 day' WHERE id = ANY($1)", ids[5:9])
    await execute("UPDATE report SET lat = lat + 0.05 WHERE case_id = $1", ids[10])
    for row in await fetch("SELECT post_id FROM report WHERE case_id = ANY($1)", ids[20:23]):
        await moderation.hide(row["post_id"], dan, "spam")
    for step in (mark_late_points, sum_up_changes, rebuild_map):
        for status, number, late in (("", 22, 4), ("solved", 5, 0), ("overdue", 4, 4)):
            answer = await shown(status)
            assert sum(one.count for one in answer.clusters) == number, (step, status)
            assert sum(one.overdue for one in answer.clusters) == late, (step, status)
        await step()
        found = await find_map_faults()
        assert (found.points, found.counts) == (0, 0), step
    assert await find_map_faults() == RIGHT


async def test_pins_are_found_whether_or_not_they_are_summed_up(ana: Person) -> None:
    one, other = await make_report(ana, "A hole"), await make_report(ana, "A hole far away", lat=31.25, lon=118.1)
    assert {pin.id for pin in (await shown()).pins} == {one.id, other.id}
    await sum_up_changes()
    for zoom in (5, 8, 12, 13):
        window = MapWindow(117.8, 31.0, 118.2, 31.4, zoom)
        assert {pin.id for pin in (await shown(window=window)).pins} == {one.id, other.id}
    third = await make_report(ana, "One more")
    assert {pin.id for pin in (await shown()).pins} == {one.id, other.id, third.id}


async def test_a_worker_that_is_killed_leaves_all_as_it_was(ana: Person, database_dsn: str) -> None:
    """Killed in the middle of its transaction: what is read is right, and the next one sums up."""
    await many(ana, 20)
    connection = await asyncpg.connect(database_dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetch(SUM_UP, 12)
    [row] = await fetch("SELECT pg_terminate_backend($1) AS done", connection.get_server_pid())
    assert row["done"]
    connection.terminate()
    assert await fetch("SELECT FROM report_cell") == []
    found = await find_map_faults()
    assert (found.points, found.counts, found.waiting) == (0, 0, 20)
    assert len((await shown()).pins) == 20
    assert await sum_up_changes() == 20
    assert await find_map_faults() == RIGHT


async def test_what_is_wrong_is_found_and_made_again(ana: Person) -> None:
    await many(ana, 4)
    await sum_up_changes()
    await execute("UPDATE report_cell SET number = number + 1 WHERE cell < 1 << 22")
    await execute("DELETE FROM report_point WHERE case_id = (SELECT max(case_id) FROM report_point)")
    found = await find_map_faults()
    assert found.counts > 0
    assert found.points == 1
    assert await rebuild_map() == 4
    assert await find_map_faults() == RIGHT


@pytest.mark.parametrize("hide_first", [True, False])
async def test_a_post_hidden_while_its_case_changes_is_on_no_map(
    ana: Person, database_dsn: str, *, hide_first: bool
) -> None:
    """Two transactions at once, each of which has not seen the other."""
    one = await make_report(ana, "A hole")
    hide = "UPDATE post SET visibility = 'hidden' WHERE id = $1", one.post_id
    change = "UPDATE report SET lat = lat + 0.001 WHERE id = $1", one.id
    connections = [await asyncpg.connect(database_dsn) for _ in range(2)]
    try:
        first, second = [connection.transaction() for connection in connections]
        await first.start()
        await second.start()
        await connections[0].execute(*(hide if hide_first else change))
        later = asyncio.create_task(connections[1].execute(*(change if hide_first else hide)))
        await asyncio.sleep(0.2)
        await first.commit()
        await later
        await second.commit()
    finally:
        for connection in connections:
            await connection.close()
    assert (await shown()).pins == []
    found = await find_map_faults()
    assert (found.points, found.counts) == (0, 0)


async def test_a_filter_that_nothing_fits_reads_nothing() -> None:
    await shown()
    with counting() as statements:
        answer = await map_points(ReportFilters(finds_nothing=True), CellWindow.around(CITY), 12)
    assert (answer.pins, answer.clusters, len(statements)) == ([], [], 0)


# --- kept answers ---------------------------------------------------------------------------------------------------


async def test_an_answer_that_nothing_changed_is_not_sent_again(client: Client, ana: Person) -> None:
    await make_report(ana, "A hole")
    first = await client.get(ASKED)
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    again = await client.get(ASKED, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await make_report(ana, "Another one")
    changed = await client.get(ASKED, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert len(changed.json()["pins"]) == 2
    assert changed.headers["etag"] != tag


async def test_what_is_hidden_is_in_no_kept_answer(client: Client, ana: Person, dan: Person) -> None:
    one = await make_report(ana, "A hole")
    assert len((await client.get(ASKED)).json()["pins"]) == 1
    await moderation.hide(one.post_id, dan, "spam")
    assert (await client.get(ASKED)).json()["pins"] == []
    await moderation.restore(one.post_id, dan, "other")
    assert len((await client.get(ASKED)).json()["pins"]) == 1


async def test_a_stampede_is_one_computation(client: Client, ana: Person) -> None:
    await many(ana, 12)
    await client.get(ASKED)
    await make_report(ana, "One more")  # what was kept is no more
    with counting() as alone:
        await client.get(ASKED)
    await make_report(ana, "And one more")
    with counting() as together:
        answers = await asyncio.gather(*(client.get(ASKED) for _ in range(20)))
    assert {len(one.json()["pins"]) for one in answers} == {14}
    counted = [text for text in together.texts if "report_cell m" in text]
    assert len(counted) == len([text for text in alone.texts if "report_cell m" in text])


async def test_who_asks_a_kept_answer_asks_one_statement(client: Client) -> None:
    await client.get(ASKED)
    with counting() as statements:
        await client.get(ASKED)
    assert len([text for text in statements.texts if "report_cell_change_id_seq" in text]) == 1
    assert not [text for text in statements.texts if "report_point m" in text]


async def test_each_language_has_its_answer(client: Client, ana: Person) -> None:
    await make_report(ana, "A hole")
    english = (await client.get(ASKED)).json()["pins"][0]["status_label"]
    client.cookies.set("lang", "zh")
    assert (await client.get(ASKED)).json()["pins"][0]["status_label"] != english


async def test_an_answer_stays_small(client: Client) -> None:
    """Many pins with long texts become clusters."""
    async with in_transaction():
        for n in range(140):
            form = ReportForm(
                text="路灯坏了" * 30, address="人民路" * 40, lat=31.18 + n / 10_000, lon=118.0 + n / 10_000
            )
            await post_report(form, NOBODY)
    plain = await client.get(ASKED, headers={"Accept-Encoding": "identity"})
    assert len(plain.content) <= queries.MAX_ANSWER_BYTES
    assert sum(one["count"] for one in plain.json()["clusters"]) == 140
    packed = await client.get(ASKED, headers={"Accept-Encoding": "gzip"})
    assert packed.json() == plain.json()


async def test_what_becomes_overdue_is_counted_before_a_worker_has_seen_it(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_PINS", 0)
    one = await make_report(ana, "A hole")
    await execute("UPDATE case_file SET due_at = now() + interval '1 hour' WHERE id = $1", one.case_id)
    assert [cluster.overdue for cluster in (await shown()).clusters] == [0]
    with timing.at(timing.now().replace(year=2100)):
        assert [cluster.overdue for cluster in (await shown()).clusters] == [1]
        assert await mark_late_points() == 1
        assert [cluster.overdue for cluster in (await shown()).clusters] == [1]
    await execute("UPDATE case_file SET due_at = now() + interval '2 hours' WHERE id = $1", one.case_id)
    assert [cluster.overdue for cluster in (await shown()).clusters] == [0]
