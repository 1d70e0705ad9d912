"""A search is read from its address; whatever stands there, it is harmless, and what is unknown is said."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic import timing
from civic.cases.status import Status
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.geo.areas import Areas
from civic.geo.near import MAX_RADIUS_METRES, find_near, format_near, parse_near
from civic.geo.queries import areas
from civic.search.documents import MAX_REACHABLE_HITS, SortOrder
from civic.search.forms import MAX_QUERY_CHARS, SearchForm, clean_line, read_search_form, status_filters
from civic.search.pages import status_labels

FULL = {
    "q": "deep hole",
    "kind": "report",
    "category": "pothole",
    "area": "old-town",
    "department": "roads",
    "status": "open",
    "since": "week",
    "sort": "supported",
    "page": "3",
}
HOSTILE = [
    "status = x OR 1=1",
    "'; DROP TABLE post; --",
    "a\x00b",
    "\u202egnp.exe\u202c \u200f",
    '"unbalanced',
    "((((",
    "*:*",
    "x" * 10_000,
    "灯" * 5000,
    "%s %(q)s {0}",
    "\ue000<mark>\ue001",
    "\ud800",
    "²",
]


@pytest.fixture
async def pack(riverside: None) -> Catalogue:
    return await catalogue()


@pytest.fixture
async def city(riverside: None) -> Areas:
    return await areas()


def test_everything_is_read(pack: Catalogue, city: Areas) -> None:
    asked = read_search_form(FULL, pack, city, near=(31.19, 118.008, 500))
    query = asked.build_query(size=10)
    assert (query.text, query.kind, query.sort, query.page, query.size) == (
        "deep hole",
        "report",
        SortOrder.SUPPORTED,
        3,
        10,
    )
    assert query.category_ids == (pack.category_by_code["pothole"].id,)
    assert query.area_id == city.by_slug["old-town"].id
    assert query.department_id == pack.department_by_slug["roads"].id
    assert query.statuses == ("received", "assigned", "in_progress", "waiting")
    assert query.near == (31.19, 118.008, 500)
    assert query.since
    assert timing.now() - query.since - timedelta(days=7) < timedelta(minutes=1)
    assert query.readers is None


def test_a_group_is_all_its_categories(pack: Catalogue, city: Areas) -> None:
    asked = read_search_form({"category": "roads"}, pack, city)
    assert len(asked.category_ids) > 3
    assert pack.category_by_code["pothole"].id in asked.category_ids


@pytest.mark.parametrize("name", [name for name in FULL if name != "q"])
@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_unknown_is_left_out(pack: Catalogue, city: Areas, name: str, text: str) -> None:
    assert read_search_form(FULL | {name: text}, pack, city) == read_search_form(FULL | {name: ""}, pack, city)


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_is_one_short_line(text: str) -> None:
    line = clean_line(text)
    assert len(line) <= MAX_QUERY_CHARS
    assert line.isprintable()
    assert clean_line(line) == line
    line.encode()


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("2", 2),
        ("", 1),
        ("0", 1),
        ("-1", 1),
        ("1.5", 1),
        ("²", 1),
        ("1" * 5000, MAX_REACHABLE_HITS // 20),
        ("1000000000", MAX_REACHABLE_HITS // 20),
    ],
)
def test_a_page_number(pack: Catalogue, city: Areas, text: str, page: int) -> None:
    assert read_search_form({"page": text}, pack, city, size=20).page == page


def test_the_address_says_the_search(pack: Catalogue, city: Areas) -> None:
    asked = read_search_form(FULL, pack, city, near=(31.19, 118.008, 500))
    given = dict(parse_qsl(urlsplit(asked.address()).query))
    assert given.pop("near") == "31.19000,118.00800,500"
    assert given == {name: value for name, value in FULL.items() if name != "page"}
    again = read_search_form(given, pack, city, near=parse_near("31.19000,118.00800,500"))
    assert again == replace(asked, page=1)
    assert "status" not in asked.address(status=None)
    assert asked.address(page=2).endswith("page=2")
    assert SearchForm().address() == "/search"
    assert SearchForm().empty
    assert not SearchForm(since="week").empty


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_words_come_back_from_the_address(text: str) -> None:
    asked = SearchForm(q=clean_line(text))
    assert dict(parse_qsl(urlsplit(asked.address()).query)).get("q", "") == asked.q


def test_cases_only_on_the_desk(pack: Catalogue, city: Areas) -> None:
    assert read_search_form({"kind": "case"}, pack, city).kind == ""
    assert read_search_form({"kind": "case"}, pack, city, desk=True).kind == ""
    assert read_search_form({"status": Status.MERGED}, pack, city).status == ""
    assert read_search_form({"status": Status.MERGED}, pack, city, desk=True).build_query().statuses == (Status.MERGED,)


def test_every_status_has_a_word() -> None:
    assert set(Status) <= set(status_filters(desk=True))
    assert set(Status) - set(status_filters(desk=False)) == {Status.MERGED}
    for desk in (False, True):
        assert set(status_labels(desk=desk)) == set(status_filters(desk=desk))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("31.19,118.008", (31.19, 118.008, 1000)),
        ("31.19, 118.008, 500", (31.19, 118.008, 500)),
        ("31.19,118.008,999999999", (31.19, 118.008, MAX_RADIUS_METRES)),
        ("31.19,118.008,-5", (31.19, 118.008, 10)),
        ("nan,118", None),
        ("inf,118", None),
        ("91,118", None),
        ("31.19", None),
        ("31.19,118," + "9" * 5000, None),
        ("", None),
    ],
)
def test_nearness(text: str, near: object) -> None:
    found = parse_near(text)
    assert found == near
    assert found is None or parse_near(format_near(found)) == found


@pytest.mark.usefixtures("riverside")
async def test_a_place_by_its_name() -> None:
    found = await find_near("青石桥")
    assert found
    assert found[2] == 1000
    assert await find_near("Atlantis") is None
    assert await find_near("  ") is None
