"""The public list: its filters, its orders, its pages; that nothing is seen twice or lost."""

import base64
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from civic import timing
from civic.cases.actions import send_to_triage
from civic.config import LimitsConfig
from civic.db import execute
from civic.posts.models import Post
from tests.builders.riverside import (
    JSON,
    act_at_desk,
    get_case,
    get_case_id,
    get_department_id,
    send_desk_form,
    send_report,
    send_routed_report,
)
from tests.clients import Client
from tests.indexed import indexed
from tests.statements import Statements

pytestmark = pytest.mark.usefixtures("riverside")
SHANGHAI = ZoneInfo("Asia/Shanghai")
FAR = {"lat": "31.235", "lon": "118.0"}


async def listed(client: Client, query: str = "") -> list[int]:
    answer = await client.get(f"/reports{query}", headers=JSON)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["reports"]]


async def refused(client: Client, query: str) -> set[str]:
    """The parameters that a program is told to be unknown."""
    answer = await client.get(f"/reports{query}", headers=JSON)
    assert answer.status_code == 422, answer.text
    return set(answer.json()["fields"])


def pages_of(client: Client, size: int) -> None:
    state = client.app.state
    state.config = state.config.model_copy(update={"limits": LimitsConfig(page=size, posts_per_hour=10_000)})  # type: ignore[call-arg]


async def test_an_empty_city_says_so_and_what_to_do(client: Client) -> None:
    assert "Nobody has reported anything yet" in (await client.get("/")).text
    page = (await client.get("/reports")).text
    assert "0 reports" in page
    assert '<a href="/reports/new">' in page
    assert (await client.get("/reports", headers=JSON)).json() == {
        **{"count": 0, "reports": [], "next": None},
        "catching_up": 0,
    }


async def test_filters_by_what_and_whose_and_how_it_stands(client: Client, agent: Client) -> None:
    hole = await send_routed_report(client)
    lamp = await send_routed_report(client, category="street-light", text="路灯不亮，小区门口很黑")
    wild = await send_report(client, category=None, text="Something odd")
    everything = [wild["id"], lamp["id"], hole["id"]]
    assert await listed(client) == everything
    assert await listed(client, "?category=pothole") == [hole["id"]]
    assert await listed(client, "?category=facilities") == [lamp["id"]], "a group"
    assert await listed(client, "?department=roads") == [hole["id"]]
    assert await listed(client, "?status=received") == [wild["id"]]
    assert await listed(client, "?status=open") == everything
    assert await listed(client, "?status=solved") == []
    await agent.join(await get_department_id("roads"))
    case = await get_case(hole["id"])
    await act_at_desk(agent, case.id, "decline", reason="not_public", text="A private road.")
    assert await listed(client, "?status=declined") == [hole["id"]]
    assert await listed(client, "?status=open&category=pothole") == []
    assert await listed(client, "?sort=x") == everything
    fields = {"category": "unicorn", "status": "odd", "area": "nowhere", "department": "none"}
    assert await refused(client, "?" + "&".join(f"{name}={value}" for name, value in fields.items())) == set(fields)


async def test_filters_by_words(client: Client) -> None:
    lamp = await send_report(client, category="street-light", text="路灯不亮，小区门口很黑")
    hole = await send_report(client, text="Kátyú: a deep hole near the SCHOOL")
    await indexed()
    assert await listed(client, "?q=路灯") == [lamp["id"]]
    assert await listed(client, "?q=小区门口") == [lamp["id"]]
    assert await listed(client, "?q=口很") == [lamp["id"]]
    assert await listed(client, "?q=路 %26 灯 | !") == [lamp["id"]], "nothing in it is an operator"
    assert await listed(client, "?q=katyu school") == [hole["id"]]
    for nothing in ("%22%27;--", "!!!", "'", "%F0%9F%98%80", "x" * 300):
        assert await listed(client, f"?q={nothing}") == []


async def test_filters_by_place(client: Client) -> None:
    near, far = await send_report(client), await send_report(client, **FAR)
    assert await listed(client, "?near=31.19,118.008,500") == [near["id"]]
    assert await listed(client, "?near=31.19,118.008,20000") == [far["id"], near["id"]]
    assert await listed(client, "?near=31.1905,118.0085") == [near["id"]], "a kilometre unless said"
    for unread in ("x", "91,0,5", "1", "nan,nan,5", "31.19,118.008,1e9", ",,"):
        assert await refused(client, f"?near={unread}") == {"near"}
    assert near["area"] != far["area"]
    assert await listed(client, f"?area={near['area']}") == [near["id"]]
    assert len(await listed(client, "?area=riverside")) in (0, 2)


async def test_an_area_holds_those_below_it(client: Client) -> None:
    one = await send_report(client)
    row = (await client.get(f"/reports/{one['id']}")).text
    above = [part.split('"')[0] for part in row.split('href="/reports?area=')[1:]]
    assert len(above) >= 2, "a neighbourhood and its district"
    for area in above:
        assert await listed(client, f"?area={area}") == [one["id"]]


async def test_filters_by_days_of_the_city(client: Client) -> None:
    with timing.at(datetime(2026, 11, 20, 0, 30, tzinfo=SHANGHAI)):
        early = await send_report(client)
    with timing.at(datetime(2026, 11, 20, 23, 30, tzinfo=SHANGHAI)):
        late = await send_report(client)
    assert await listed(client, "?since=2026-11-20&until=2026-11-20") == [late["id"], early["id"]]
    assert await listed(client, "?until=2026-11-19") == []
    assert await listed(client, "?since=2026-11-21") == []
    for unread in ("20.11.2026", "9999-12-31", "0001-01-01", "2026-13-01"):
        assert (await client.get(f"/reports?since={unread}&until={unread}")).status_code == 200


async def test_overdue_comes_longest_first(client: Client) -> None:
    with timing.at(datetime(2026, 11, 10, 9, tzinfo=SHANGHAI)):
        older = await send_routed_report(client)
    with timing.at(datetime(2026, 11, 11, 9, tzinfo=SHANGHAI)):
        newer = await send_routed_report(client)
    with timing.at(datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)):
        await send_routed_report(client)
        assert await listed(client, "?sort=overdue") == [older["id"], newer["id"]]
        assert await listed(client, "?status=overdue") == [newer["id"], older["id"]]
        page = (await client.get("/reports?status=overdue")).text
        assert page.count("working days late") == 2


async def test_cards_say_how_a_case_stands(client: Client, agent: Client) -> None:
    await agent.join(await get_department_id("roads"))
    with timing.at(datetime(2026, 11, 10, 9, tzinfo=SHANGHAI)):  # a Tuesday
        one = await send_report(client)
        assert "A department is being found" in (await client.get("/reports")).text
        await send_to_triage(await get_case_id(one["id"]), reason={"step": "triage"})
        assert "Being assigned to a department; answer due " in (await client.get("/reports")).text
        two = await send_routed_report(client)
        assert (
            "Answer due today 17:30" in (await client.get("/reports")).text
            or "Answer due tomorrow" in (await client.get("/reports")).text
        )
        case = await get_case(two["id"])
        await act_at_desk(agent, case.id, "reply", text="We come and look.")
        assert "Answered; solution due" in (await client.get("/reports")).text
        await act_at_desk(agent, case.id, "ask", text="Where exactly?")
        assert "Waiting for the reporter&#39;s answer" in (await client.get("/reports")).text
        await act_at_desk(agent, case.id, "decline", reason="cannot_find", text="It is not there.")
        page = (await client.get("/reports")).text
        assert "Declined: the place or the problem could not be found" in page
    assert one["id"] != two["id"]


# --- pages --------------------------------------------------------------------


async def walk(client: Client, query: str) -> list[list[int]]:
    """Every page of a list, by its `next`."""
    pages, cursor = [], ""
    while True:
        answer = (await client.get(f"/reports?{query}&page={cursor}", headers=JSON)).json()
        pages.append([one["id"] for one in answer["reports"]])
        if not (cursor := answer["next"] or ""):
            return pages


@pytest.fixture
async def thirteen(client: Client) -> list[int]:
    """Thirteen overdue reports; some came in the same instant and have as many votes as others."""
    ids = []
    for number in range(13):
        with timing.at(datetime(2026, 11, 2 + number // 4, 9, tzinfo=SHANGHAI)):
            ids.append((await send_routed_report(client, text=f"Hole {number}"))["id"])
    await execute("UPDATE post SET votes_count = id % 3")
    return ids


EVERYTHING = "?status=open&near=31.19,118.008,20000&since=2000-01-01&until=2100-01-01"
NOTHING = "?status=declined&near=31.19,118.008,20000&since=2000-01-01&until=2000-01-02"


async def test_a_filter_that_everything_matches_and_one_that_nothing_does(client: Client) -> None:
    sent = [(await send_report(client))["id"] for _ in range(3)]
    await indexed()
    assert await listed(client, EVERYTHING) == await listed(client, f"{EVERYTHING}&q=hole") == sent[::-1]
    assert await listed(client, NOTHING) == await listed(client, f"{NOTHING}&q=hole") == []
    window = "bbox=117.9,31.1,118.1,31.3&zoom=19"
    for query, found in ((EVERYTHING, 3), (NOTHING, 0)):
        answer = (await client.get(f"/map/points{query}&{window}")).json()
        assert sum(one["count"] for one in answer["clusters"]) + len(answer["pins"]) == found, query
        assert (await client.get(f"/reports{query}", headers={"Accept": "text/html"})).status_code == 200


@pytest.mark.parametrize("sort", ["new", "supported", "overdue"])
async def test_pages_hold_each_report_once(client: Client, thirteen: list[int], sort: str) -> None:
    pages_of(client, 5)
    pages = await walk(client, f"sort={sort}")
    assert [len(page) for page in pages] == [5, 5, 3]
    assert sorted(id for page in pages for id in page) == sorted(thirteen)


async def test_what_comes_meanwhile_moves_nothing(client: Client, thirteen: list[int]) -> None:
    pages_of(client, 5)
    first = (await client.get("/reports", headers=JSON)).json()
    await send_report(client, text="A new one")
    second = (await client.get(f"/reports?page={first['next']}", headers=JSON)).json()
    seen = [one["id"] for one in first["reports"] + second["reports"]]
    assert seen == thirteen[::-1][:10]


async def test_the_page_links_on(client: Client, thirteen: list[int]) -> None:
    pages_of(client, 5)
    page = (await client.get("/reports?status=open")).text
    link = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "status=open" in link
    assert f'href="/reports/{thirteen[-6]}"' in (await client.get(link)).text


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD = [
    *("x", "%%%", "é", "AAAA", "null", "0", "-1", "²_1"),
    *map(
        cursor,
        [
            None,
            5,
            [],
            [1],
            [1, 2, 3],
            ["2026-11-02T09:00:00", 5],
            ["2026-11-02T09:00:00+00:00", 2**70],
            ["2026-11-02T09:00:00+00:00", "x"],
            ["2026-11-02T09:00:00+00:00", 1e400],
            [2**40, 5],
            [1.5, 5],
            [True, False],
            {"a": 1, "b": 2},
            [["x"], ["y"]],
        ],
    ),
]


@pytest.mark.parametrize("sort", ["new", "supported", "overdue"])
async def test_a_cursor_that_was_tampered_with_starts_anew(client: Client, thirteen: list[int], sort: str) -> None:
    whole = await listed(client, f"?sort={sort}")
    for bad in BAD:
        assert await listed(client, f"?sort={sort}&page={bad}") == whole, bad


# --- the rest -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("category=pothole", "pothole"),
        ("category=roads", "roads"),
        ("department=parks", "parks"),
        ("area=old-town", "old-town"),
        ("status=declined", "declined"),
        ("sort=supported", "supported"),
    ],
)
async def test_the_filters_show_what_is_chosen(client: Client, query: str, chosen: str) -> None:
    page = (await client.get(f"/reports?{query}")).text
    assert f'<option value="{chosen}" selected>' in page
    everything = (await client.get(f"/reports/filters?{query}")).text  # for browsers without a script
    assert f'<option value="{chosen}" selected>' in everything
    assert 'value="pothole"' in everything
    assert '<form action="/map"' in (await client.get(f"/reports/filters?on=map&{query}")).text
    client.cookies.set("lang", "zh")
    assert "路面坑洼" in (await client.get(f"/reports/filters?{query}")).text


async def test_a_list_names_what_is_chosen_and_the_browser_fetches_the_rest_once(client: Client) -> None:
    page = (await client.get("/reports?category=pothole")).text
    assert "Pothole" in page
    assert 'value="old-town"' not in page
    [address] = set(re.findall(r'data-options="([^"]+)"', page))
    offered = await client.get(address)
    assert {"pothole", "roads", "parks", "old-town"} <= set(re.findall(r'value="([^"]+)"', offered.text))
    assert "selected" not in offered.text  # the same for everybody
    assert "immutable" in offered.headers["cache-control"]
    outdated = await client.get(address.partition("?")[0] + "?v=0")
    assert outdated.headers["cache-control"] == "no-cache"
    assert "路面坑洼" in (await client.get("/reports/filters/zh")).text
    assert (await client.get("/reports/filters/xx")).status_code == 404


async def test_htmx_gets_the_list_alone(client: Client) -> None:
    await send_report(client)
    part = await client.get("/reports?status=open", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="results"')
    assert "<html" not in part.text


async def test_the_api_gives_the_same(client: Client) -> None:
    one = await send_report(client)
    answer = await client.get("/api/v1/reports?category=pothole")
    [card] = answer.json()["reports"]
    assert card["id"] == one["id"]
    assert card["url"] == one["url"]
    assert set(card) >= {"number", "status", "title", "category", "area", "lat", "lon", "received_at", "votes"}


async def test_the_home_page_counts(client: Client, agent: Client) -> None:
    one = await send_routed_report(client)
    await send_report(client, **FAR)
    await agent.join(await get_department_id("roads"))
    await act_at_desk(agent, (await get_case(one["id"])).id, "reply", text="We come and look.")
    page = (await client.get("/")).text
    assert "2 cases are open" in page
    assert "100% answered on time" in page
    assert f'href="/reports/{one["id"]}"' in page


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports?q=hole&status=open", "/map/points?bbox=117,30,119,32&zoom=10"]
)
async def test_what_a_list_asks_does_not_grow_with_it(
    client: Client, path: str, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    asked = []
    for number in (1, 6):
        for _ in range(number):
            await send_routed_report(client)
        await client.get(path)
        with count_queries() as statements:
            assert (await client.get(path)).status_code == 200
        asked.append(len(statements))
    most = 7 if "q=" in path else 4  # words are looked up first
    assert asked[0] == asked[1] <= most, statements.texts


async def test_a_deed_on_a_case_of_an_unknown_id(agent: Client) -> None:
    for number in (0, 999, 2**63, 10**30):
        assert (await send_desk_form(agent, number, "note", text="x")).status_code == 404
        assert (await agent.get(f"/reports/{number}")).status_code == 404
        assert (await agent.get(f"/desk/cases/{number}")).status_code == 404


async def test_time_used_of_what_waits_and_of_what_is_late_is_shown_as_such(client: Client) -> None:
    with timing.at(datetime(2026, 11, 10, 9, tzinfo=SHANGHAI)):
        one = await send_routed_report(client)
    for later, words in ((timedelta(hours=1), "Answer due"), (timedelta(days=9), "late")):
        with timing.at(datetime(2026, 11, 10, 9, tzinfo=SHANGHAI) + later):
            page = (await client.get(one["url"])).text
            assert words in page
            assert "<progress" in page
    assert await Post.all().count() == 1


async def test_the_home_page_shows_reports_in_the_readers_language_first(client: Client) -> None:
    for number in range(4):
        await send_report(client, text=f"Hole number {number} in the street")
        await send_report(client, text=f"路上有第{number}个大坑，很危险")
    for language, first in (("en", "Hole number 3"), ("zh", "路上有第3个大坑")):
        page = (await client.get("/", headers={"Accept-Language": language})).text
        texts = re.findall(r"Hole number \d|路上有第\d个大坑", page.partition("<main")[2])
        shown = list(dict.fromkeys(texts))
        assert shown[0] == first
        assert [text[0] == first[0] for text in shown] == [True] * 4 + [False] * 4
