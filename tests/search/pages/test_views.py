"""The search page: what is found, its facets, what it says where nothing is, and that nothing typed breaks it."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import Markup

from civic import timing
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.geo.queries import areas
from civic.search import queries
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Document, Query, SearchHit, SearchResult
from civic.search.pages import format_distance, round_estimate
from civic.search.presenters import highlight_html
from civic.search.subjects import present_hit
from tests.builders.posts import write_visible_documents
from tests.builders.riverside import JSON, send_report, send_routed_report
from tests.clients import Client
from tests.search.pages.test_forms import HOSTILE

pytestmark = pytest.mark.usefixtures("riverside")

Index = Callable[[], Awaitable[None]]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def document(item_id: int, title: str, text: str = "", **values: Any) -> Document:
    """A pothole at the Bell Tower of now, unless said otherwise."""
    pack, city = await catalogue(), await areas()
    area = city.by_slug["bell-tower"]
    given: dict[str, Any] = {
        "kind": "report",
        "url": f"/reports/{item_id}",
        "status": "received",
        "at": timing.now(),
        "category_id": pack.category_by_code["pothole"].id,
        "department_id": pack.department_by_slug["roads"].id,
        "area_ids": tuple(one.id for one in city.path(area.id)),
        "lat": 31.19,
        "lon": 118.008,
    }
    return Document(**given | {"item_id": item_id, "title": title, "text": text} | values)


@pytest.fixture
async def lamps(riverside: None) -> None:
    pack, city = await catalogue(), await areas()
    docks = tuple(one.id for one in city.path(city.by_slug["docks"].id))
    light = pack.category_by_code["street-light"].id
    ago, just_now = timing.now() - timedelta(days=90), timing.now() - timedelta(minutes=1)
    others: dict[str, Any] = {"category_id": None, "url": "/elsewhere"}
    jam: dict[str, Any] = {"kind": "traffic", "status": "live", "until": just_now, "department_id": None, **others}
    said: dict[str, Any] = {"kind": "rating", "status": "", **others}
    names = {"en": "Lamps", "zh": "路灯"}
    await write_visible_documents(
        [
            await document(1, "A lamp is out", "It is dark at the tower.", category_id=light, support=4),
            await document(2, "Hole under the lamp", "Deep.", status="resolved", area_ids=docks, at=ago),
            await document(3, "Lamp fell down", extra={"kinds": {"en": "Obstacle"}}, **jam),
            await document(4, "Lamps · 路灯", "Kind people", extra={"names": names, "stars": 4}, **said),
        ]
    )


def facet(page: str, name: str) -> dict[str, str]:
    """The values of a facet and where they lead."""
    found = re.findall(rf'id="{name}-([^"]+)" href="([^"]+)"', page)
    return {code: url.replace("&amp;", "&") for code, url in found}


async def test_nothing_is_asked_yet(client: Client) -> None:
    page = await client.get("/search")
    assert page.status_code == 200
    assert "For example" in page.text
    assert 'href="/search?q=Pothole"' in page.text
    assert (await client.get("/search?q=%20%20")).text.count("For example") == 1


@pytest.mark.usefixtures("lamps")
async def test_what_is_found_is_shown(client: Client) -> None:
    page = (await client.get("/search?q=lamp")).text
    assert "4 results" in page
    assert '<a href="/reports/1">A <mark>lamp</mark> is out</a>' in page
    assert "It is dark at the tower." in page
    assert "Bell Tower" in page
    assert "Obstacle · <mark>Lamp</mark> fell down" in page
    assert page.count(" Over<") == 1  # it was live when it was indexed
    assert "4 of 5 stars" in page
    assert {code: code in facet(page, "kind") for code in ("report", "traffic", "rating")} == {
        "report": True,
        "traffic": True,
        "rating": True,
    }


@pytest.mark.usefixtures("lamps")
async def test_a_facet_sets_and_unsets_its_filter(client: Client) -> None:
    page = (await client.get("/search?q=lamp&kind=report")).text
    assert facet(page, "status") == {
        "open": "/search?q=lamp&kind=report&status=open",
        "solved": "/search?q=lamp&kind=report&status=solved",
    }
    assert facet(page, "category")["street-light"] == "/search?q=lamp&kind=report&category=street-light"
    narrowed = (await client.get("/search?q=lamp&kind=report&status=solved")).text
    assert re.search(r"\b1 result\s*<", narrowed)
    assert "Hole under the" in narrowed
    assert facet(narrowed, "status")["solved"] == "/search?q=lamp&kind=report"
    assert facet(narrowed, "status")["open"] == "/search?q=lamp&kind=report&status=open"  # what another would give
    assert facet(narrowed, "without") == {"status": "/search?q=lamp&kind=report"}
    assert facet(narrowed, "kind")["report"] == "/search?q=lamp&status=solved"


@pytest.mark.usefixtures("lamps")
async def test_areas_are_offered_a_level_at_a_time(client: Client) -> None:
    page = (await client.get("/search?q=lamp&kind=report")).text
    assert set(facet(page, "area")) == {"old-town", "eastwharf"}
    inside = (await client.get("/search?q=lamp&kind=report&area=old-town")).text
    assert set(facet(inside, "area")) == {"old-town", "bell-tower"}
    assert facet(inside, "area")["old-town"] == "/search?q=lamp&kind=report"
    deepest = (await client.get("/search?q=lamp&kind=report&area=bell-tower")).text
    assert "bell-tower" in facet(deepest, "area")


@pytest.mark.usefixtures("lamps")
async def test_near(client: Client) -> None:
    far = await document(5, "A lamp far away", lat=31.25, lon=118.1)
    await write_visible_documents([far])
    page = (await client.get("/search?q=lamp&near=31.191,118.008,500")).text
    assert "far away" not in page
    assert "110 m" in page
    assert "/search?q=lamp&amp;near=31.19100%2C118.00800%2C3000" in page
    named = (await client.get("/search", params={"q": "lamp", "near": "青石桥"})).text
    assert "Within 1 km of Bluestone Bridge" in named
    unknown = (await client.get("/search?q=lamp&near=Atlantis")).text
    assert "We do not know the place “Atlantis”" in unknown
    assert "far away" in unknown


@pytest.mark.usefixtures("lamps")
async def test_pages(client: Client) -> None:
    await write_visible_documents([await document(n, f"Lamp {n}") for n in range(100, 160)])
    first = (await client.get("/search?q=lamp&sort=new")).text
    assert 'rel="next" href="/search?q=lamp&amp;sort=new&amp;page=2"' in first
    assert 'rel="prev"' not in first
    second = (await client.get("/search?q=lamp&sort=new&page=2")).text
    assert 'rel="prev" href="/search?q=lamp&amp;sort=new"' in second
    beyond = await client.get("/search?q=lamp&page=1000000000")
    assert beyond.status_code == 200
    assert 'href="/search?q=lamp"' in beyond.text
    assert "There is no page" in beyond.text


async def test_nothing_found_says_what_to_try(client: Client) -> None:
    page = (await client.get("/search?q=unicorn&category=pothole&since=week")).text
    assert "Nothing found for “unicorn”" in page
    assert 'href="/search?q=unicorn"' in page
    assert 'href="/reports/new?text=unicorn"' in page
    assert facet(page, "without") == {
        "category": "/search?q=unicorn&since=week",
        "since": "/search?q=unicorn&category=pothole",
        "all": "/search?q=unicorn",
    }


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text and "\ud800" not in text])
async def test_nothing_that_is_typed_breaks_it(client: Client, text: str) -> None:
    everything = dict.fromkeys(
        ("q", "kind", "category", "area", "department", "status", "since", "near", "sort", "page"), text[:600]
    )
    for headers in ({}, HTMX, JSON):
        answer = await client.get("/search", params={"q": text}, headers=headers)
        assert answer.status_code == 200
        narrowed = await client.get("/search", params=everything, headers=headers)
        assert narrowed.status_code == (422 if headers is JSON else 200)  # no such filter
    assert (await client.get("/search?typing=1", params={"q": text}, headers=HTMX)).status_code == 200
    assert (await client.get("/search?q=a%00b")).status_code == 400


async def test_what_people_wrote_is_text(client: Client) -> None:
    await write_visible_documents(
        [await document(1, "<script>alert(1)</script> lamp", '"><img src=x onerror=alert(1)> lamp & more')]
    )
    for path, headers in (("/search?q=lamp", {}), ("/search?typing=1&q=lamp", HTMX)):
        page = (await client.get(path, headers=headers)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    page = (await client.get("/search", params={"q": '"><script>alert(2)</script>'})).text
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (f"a {HIGHLIGHT_START}lamp{HIGHLIGHT_END} & <b>", "a <mark>lamp</mark> &amp; &lt;b&gt;"),
        (f"{HIGHLIGHT_START}<i>{HIGHLIGHT_END}", "<mark>&lt;i&gt;</mark>"),
        (f"{HIGHLIGHT_END}x{HIGHLIGHT_START}", "x"),
        (f"{HIGHLIGHT_START}{HIGHLIGHT_START}x{HIGHLIGHT_END}{HIGHLIGHT_END}", "<mark>x</mark>"),
        (f"{HIGHLIGHT_START}x", "x"),
        ("<mark>x</mark>", "&lt;mark&gt;x&lt;/mark&gt;"),
    ],
)
def test_only_what_was_found_is_marked(text: str, html: str) -> None:
    assert highlight_html(text) == Markup(html)


@pytest.mark.parametrize(
    ("title", "excerpt", "rest"),
    [
        ("A lamp is out", f"A {HIGHLIGHT_START}lamp{HIGHLIGHT_END} is out. Since Monday.", "Since Monday."),
        ("A lamp is out", "A lamp is out", ""),
        ("A lamp is o…", f"A lamp is out, {HIGHLIGHT_START}dark{HIGHLIGHT_END}.", "…out, <mark>dark</mark>."),
        ("A lamp", "Something else", "Something else"),
        (
            "路灯坏了",
            f"{HIGHLIGHT_START}路灯{HIGHLIGHT_END}坏了。{HIGHLIGHT_START}三天{HIGHLIGHT_END}了",
            "<mark>三天</mark>了",
        ),
        ("路", f"{HIGHLIGHT_START}路灯{HIGHLIGHT_END}坏了", "<mark>灯</mark>坏了"),
    ],
)
async def test_an_excerpt_does_not_say_the_title_again(title: str, excerpt: str, rest: str) -> None:
    hit = SearchHit(await document(1, title), title, excerpt)
    assert present_hit(hit, await catalogue(), await areas()).excerpt == Markup(rest)


async def test_a_name_that_was_found_is_marked_where_it_stands() -> None:
    one = await document(1, "It is deep", "It is deep and dark.", names=("Pothole", "路面坑洼"))
    found = present_hit(
        SearchHit(one, "It is deep", f"{HIGHLIGHT_START}Pothole{HIGHLIGHT_END}"), await catalogue(), await areas()
    )
    assert found.names[0] == Markup("<mark>Pothole</mark>")
    assert found.excerpt == Markup("and dark.")
    other = present_hit(
        SearchHit(one, "It is deep", f"{HIGHLIGHT_START}路面{HIGHLIGHT_END}坑洼"), await catalogue(), await areas()
    )
    assert Markup("<mark>路面</mark>坑洼") in other.names


async def test_a_post_without_words_has_its_category_for_a_title() -> None:
    assert present_hit(SearchHit(await document(1, ""), "", ""), await catalogue(), await areas()).title == "Pothole"


def test_estimates_are_round() -> None:
    assert [round_estimate(n) for n in (0, 7, 99, 123, 1_250, 98_765)] == [0, 7, 99, 120, 1_200, 99_000]
    assert round_estimate(98_765, exact=True) == 98_765


def test_distances() -> None:
    assert [format_distance(n) for n in (1, 346, 994, 1000, 1234, 20_000)] == [
        "10 m",
        "350 m",
        "990 m",
        "1 km",
        "1.2 km",
        "20 km",
    ]


async def test_what_the_engine_says_of_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hit = SearchHit(await document(1, "Pothole"), "Pothole", "")

    async def find(query: Query, meili: object = None) -> SearchResult:
        facets = {"status": {"received": 123_456, "resolved": 40}}
        return SearchResult([hit], 123_456, False, facets, ("potohle → pothole",), "postgresql", True)

    monkeypatch.setattr(queries, "find", find)
    page = (await client.get("/search?q=potohle")).text
    assert "About 120,000 results" in page
    assert '<span class="num soft">120,000</span>' in page
    assert "Also searched for: <b>pothole</b>" in re.sub(r"\s+", " ", page)
    assert "a simpler one answers" in page
    body = (await client.get("/search?q=potohle", headers=JSON)).json()
    assert (body["count"], body["exact"], body["fallback"]) == (123_456, False, True)
    assert body["instead"] == [{"typed": "potohle", "meant": "pothole"}]


@pytest.mark.usefixtures("lamps")
async def test_a_program_gets_json(client: Client) -> None:
    for path, headers in (("/search", JSON), ("/api/v1/search", {})):
        body = (await client.get(f"{path}?q=lamp&kind=report&near=31.19,118.008", headers=headers)).json()
        assert body["count"] == 2
        assert body["next"] is None
        assert body["facets"]["status"] == {"open": 1, "solved": 1}
        first = next(one for one in body["results"] if one["url"] == "/reports/1")
        assert first["title"] == "A lamp is out"
        assert (first["kind"], first["category"], first["area"], first["metres"]) == (
            "report",
            "street-light",
            "bell-tower",
            0,
        )


@pytest.mark.usefixtures("lamps")
async def test_htmx_gets_the_part_that_changes(client: Client) -> None:
    part = (await client.get("/search?q=lamp", headers=HTMX)).text
    assert part.lstrip().startswith('<div id="results"')
    assert "<html" not in part
    typing = (await client.get("/search?typing=1&q=lam", headers=HTMX)).text
    assert typing.count('role="option"') == 5  # four hits, and all of them
    assert "<mark>lamp</mark>" in typing.lower()
    assert (await client.get("/search?typing=1&q=", headers=HTMX)).text.strip() == ""
    assert "What to try" in (await client.get("/search?typing=1&q=unicorn", headers=HTMX)).text
    assert "<html" in (await client.get("/search?typing=1&q=lam")).text


@pytest.mark.usefixtures("lamps")
async def test_searches_are_counted_and_typing_is_not(client: Client) -> None:
    async def seen() -> int:
        return int((await fetch("SELECT count(*) AS n FROM search_sighting"))[0]["n"])

    await client.get("/search?typing=1&q=lam", headers=HTMX)
    await client.get("/search")
    assert await seen() == 0
    await client.get("/search?q=lamp")
    assert await seen() == 1


async def test_every_page_has_the_box(client: Client, agent: Client) -> None:
    for path in ("/", "/reports", "/services", "/sign-in", "/nowhere"):
        page = (await client.get(path)).text
        assert page.count('action="/search"') == 1, path
    assert 'action="/desk/search"' in (await agent.get("/desk")).text
    assert 'action="/search"' in (await agent.get("/reports")).text
    assert "/desk/search" not in (await client.get("/reports")).text


# --- the desk -----------------------------------------------------------------------------------------------------


async def found_on_desk(who: Client, words: str) -> list[str]:
    body = (await who.get("/desk/search", params={"q": words}, headers=JSON)).json()
    assert body["count"] == len(body["results"])
    return [one["url"] for one in body["results"]]


async def test_a_clerk_finds_the_cases_of_their_departments_and_no_other(
    client: Client, agent: Client, dispatcher: Client, indexed: Index
) -> None:
    one = await send_routed_report(client, text="A hole shaped like Madagascar", category="pothole")
    other = await send_routed_report(client, text="A lamp shaped like Madagascar", category="street-light")
    await indexed()
    hole, lamp = [await _case_url(each["id"]) for each in (one, other)]
    assert await found_on_desk(agent, "Madagascar") == []  # of no department yet
    await agent.join((await catalogue()).department_by_slug["roads"].id)
    assert await found_on_desk(agent, "Madagascar") == [hole]
    assert await found_on_desk(agent, "lamp") == []
    assert await found_on_desk(agent, "") == []
    assert sorted(await found_on_desk(dispatcher, "Madagascar")) == sorted([hole, lamp])
    for path, headers in (
        ("/desk/search?q=Madagascar", {}),
        ("/desk/search?q=Madagascar", HTMX),
        ("/desk/search?typing=1&q=Madagas", HTMX),
        ("/desk/search?category=street-light", {}),
        ("/desk/search?department=lighting&q=Madagascar", {}),
        ("/desk/search?since=year", {}),
    ):
        page = (await agent.get(path, headers=headers)).text
        assert lamp not in page, path
        assert "A lamp shaped" not in page, path
    facets = (await agent.get("/desk/search?q=Madagascar&since=year", headers=JSON)).json()["facets"]
    assert "street-light" not in str(facets)


async def test_an_internal_note_is_found_on_the_desk_only(
    client: Client, agent: Client, citizen: Client, indexed: Index
) -> None:
    one = await send_routed_report(client)
    case = await _case_url(one["id"])
    await agent.join((await catalogue()).department_by_slug["roads"].id)
    await agent.post(f"{case}/note", data={"text": "The contractor is called Zanzibar Ltd"})
    await indexed()
    assert await found_on_desk(agent, "Zanzibar") == [case]
    for who in (client, citizen, agent):
        body = (await who.get("/search?q=Zanzibar", headers=JSON)).json()
        assert body["results"] == []


async def test_what_is_hidden_leaves_the_page(client: Client, indexed: Index) -> None:
    one = await send_report(client, text="A hole shaped like Madagascar")
    await indexed()
    assert "Madagascar" in (await client.get("/search?q=hole")).text
    await fetch(
        "UPDATE post SET visibility = 'hidden' WHERE id = (SELECT post_id FROM report WHERE id = $1)", one["id"]
    )
    await indexed()
    assert "Madagascar" not in (await client.get("/search?q=hole")).text


async def _case_url(report_id: int) -> str:
    row = await fetch("SELECT case_id FROM report WHERE id = $1", report_id)
    return f"/desk/cases/{row[0]['case_id']}"
