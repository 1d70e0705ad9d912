"""Figures before their release: of the period that runs, and of one that is over and not published yet."""

import pytest

from civic import cache
from civic.cases import actions as cases
from civic.db import execute
from civic.scores.actions import publish_release
from civic.scores.periods import parse_span
from civic.scores.provisional import MAX_AGE_SECONDS
from tests.builders.histories import HISTORIES
from tests.builders.town import REPORTER, Town, at, database_dsn, empty, make_town, receive_assigned_case  # noqa: F401  # fixtures
from tests.clients import Client

JSON = {"Accept": "application/json"}
ZH = {"Accept-Language": "zh"}


@pytest.fixture
async def town(database: str) -> Town:
    """With three cases of November, in a city that publishes a figure of one."""
    town = await make_town()
    for name in ("solved", "passed on", "declined"):
        await HISTORIES[name](town)
    await execute("UPDATE post SET email_confirmed_at = created_at, path = '/reports/' || id")
    await execute(
        """UPDATE city SET settings = settings || '{"minimums": {"indicator": 1, "assignments": 1, "indicators": 1}}'"""
    )
    cache.clear_caches()
    return town


async def test_the_running_period_is_shown_where_nothing_is_published(town: Town, client: Client) -> None:
    with at("2026-11-20 08:00"):
        page = (await client.get("/scores")).text
        answer = (await client.get("/scores", headers=JSON)).json()
        chinese = (await client.get("/scores", headers=ZH)).text
    assert "Provisional." in page
    assert "is not over" in page
    assert "2026-q4" not in page.partition('id="check"')[2]
    assert "verify.py" not in page  # nothing to check yet
    assert "暂定数据。" in chinese
    assert answer["release"] is None
    assert answer["until"] == answer["computed_at"] == "2026-11-20T00:00:00Z"
    roads = answer["results"]["departments"]["roads"]
    assert roads["counted"] == 3
    assert roads["rank"] is None


async def test_a_period_that_is_over_is_a_draft_until_it_is_published(town: Town, client: Client) -> None:
    with at("2027-01-05 08:00"):
        page = (await client.get("/scores?period=2026-q4")).text
        answer = (await client.get("/scores?period=2026-q4", headers=JSON)).json()
    assert "is over; this is the draft of its scores" in page
    assert "A department that thinks a case counts wrongly says so" in page
    assert answer["until"] == answer["period"]["to"] == "2026-12-31T16:00:00Z"
    assert answer["releasable_from"] > "2027-01-11"
    with at("2027-01-20 08:00"):
        await publish_release(parse_span("2026-Q4"))
        published = (await client.get("/scores?period=2026-q4")).text
    assert "Provisional." not in published
    assert "/scores/releases/2026-q4/release.json" in published


async def test_only_the_running_period_and_the_one_before_are_computed(town: Town, client: Client) -> None:
    with at("2026-11-20 08:00"):
        for period in ("2026-q4", "2026-q3"):
            assert (await client.get(f"/scores?period={period}")).status_code == 200
        for period in ("2026-q2", "2027-q1", "2026", "2026-11", "2026-11-01..2026-11-20", "x"):
            assert (await client.get("/scores", params={"period": period})).status_code == 404


async def test_a_figure_follows_an_event_within_a_minute(town: Town, client: Client) -> None:
    assert MAX_AGE_SECONDS < 60
    address = "/scores/departments/roads?period=2026-q4"
    with at("2026-11-20 08:00"):
        before = (await client.get(address, headers=JSON)).json()["line"]["indicators"]["response"]
    case = await receive_assigned_case(town, "2026-11-10 09:00")
    with at("2026-11-10 10:00"):
        await cases.accept(case.id, by=town.of(town.roads), text="We are looking at it today.")
    cache.clear_caches()  # as after 50 seconds
    with at("2026-11-20 08:01"):
        after = (await client.get(address, headers=JSON)).json()["line"]["indicators"]["response"]
    assert (after["n"], after["met"]) == (before["n"] + 1, before["met"] + 1)


async def test_provisional_figures_have_their_cases_and_their_table(town: Town, client: Client) -> None:
    with at("2026-11-20 08:00"):
        page = (await client.get("/scores/departments/roads?period=2026-q4")).text
        listed = (await client.get("/scores/cases?department=roads&figure=response&period=2026-q4")).text
        rows = (await client.get("/scores/cases?department=roads&figure=counted&period=2026-q4", headers=JSON)).json()
        stars = await client.get("/scores/cases?department=roads&figure=satisfaction&period=2026-q4", headers=JSON)
        table = await client.get("/scores/table.csv?period=2026-q4")
    assert "figure=response&amp;period=2026-q4" in page
    assert len(rows["cases"]) == 3
    assert stars.json()["figure"] == "satisfaction"
    assert 'href="/reports/' in listed.partition("<main")[2].partition("</main")[0]  # the reports are public
    assert "scores-2026-q4-provisional.csv" in table.headers["content-disposition"]
    assert "/desk/cases/" not in listed  # that is for the people of the desk


async def test_a_private_report_is_no_link(town: Town, client: Client) -> None:
    await execute("UPDATE post SET visibility = 'private'")
    with at("2026-11-20 08:00"):
        listed = (await client.get("/scores/cases?department=roads&figure=counted&period=2026-q4")).text
    assert 'href="/reports/' not in listed.partition("<main")[2].partition("</main")[0]
    assert "26-1" in listed


async def test_an_empty_city_says_so(database: str, client: Client) -> None:
    await make_town()
    with at("2026-11-20 08:00"):
        page = await client.get("/scores")
    assert page.status_code == 200
    assert "No scores have been published yet" in page.text
