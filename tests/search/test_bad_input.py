"""Whatever somebody types or sends is no error and finds nothing that it should not."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.search.documents import (
    HIGHLIGHT_END,
    HIGHLIGHT_START,
    MAX_REACHABLE_HITS,
    Document,
    Query,
    SearchResult,
)
from civic.search.phrases import Synonyms
from civic.search.postgres import search as postgres_search
from tests.builders.documents import put_documents

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYNONYMS = Synonyms.from_groups([("bin", "trash can"), ("路灯", "街灯"), ("!!!", "..."), ("", "x")])


def document(item_id: int, title: str, text: str = "", **values: Any) -> Document:
    given = {"kind": "report", "url": f"/{item_id}", "at": NOW, "status": "received", "area_ids": (5,)}
    return Document(**given | {"item_id": item_id, "title": title, "text": text} | values)


async def search(text: str, **values: Any) -> SearchResult:
    return await postgres_search.find(Query(text=text, **values), synonyms=SYNONYMS)


async def found(text: str, **values: Any) -> list[int]:
    return sorted(hit.document.item_id for hit in (await search(text, **values)).hits)


@pytest.fixture
async def small(database: str) -> None:
    await put_documents(
        [
            document(1, "Pothole on Elm Street", "The lamp is dark"),
            document(2, "路灯坏了", "小区门口"),
            document(3, "Kátyú", "It's \"broken\" & <b>deep</b> | wide \\ ' :* !"),
        ]
    )


NOTHING = [
    "!",
    "?!.,;:-_+=/",
    "...",
    "***",
    "*",
    "%",
    "_",
    "%%%___",
    "?*?*",
    "'",
    '"',
    "'''",
    "''\"\"''",
    "(",
    ")))(((",
    "&",
    "|",
    "!!",
    "<->",
    "& | ! <-> :*",
    ":*",
    "\\",
    "\\\\'",
    "--",
    "/* */",
    ";",
    "\x00",
    "\x00\x01\x02\x1f\x7f\x80\x9f",
    "\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff",
    HIGHLIGHT_START + HIGHLIGHT_END,
    "🙂👍🏽🏳️‍🌈",
    "\ud800",
    "\udfff\ud800",
    "\u0301" * 100,
    "\U0010ffff",
    "\ufffe\uffff",
]


@pytest.mark.parametrize("text", NOTHING, ids=range(len(NOTHING)))
async def test_without_a_word_nothing_is_found(small: None, text: str) -> None:
    assert await found(text) == []
    assert await found(text, partial=True) == []
    assert await found(f"{text} pothole") == [1]
    assert await found(f"pothole {text} street") == [1]


@pytest.mark.parametrize("text", ["", " ", "\t\n ", "\u3000\u00a0"])
async def test_nothing_typed_is_everything(small: None, text: str) -> None:
    assert await found(text) == [1, 2, 3]


OPERATORS = [
    "status = x OR 1=1",
    "' OR 1=1 --",
    "'); DROP TABLE search_document; --",
    "kind = report",
    "_geoRadius(1, 2, 3)",
    "area_ids IN [5]",
    "zebra' | 'pothole",
    "zebra | received",
    "zebra:* | !zebra",
    "!zebra",
    "-zebra",
    "NOT zebra",
    "zebra*",
    "zebra <-> !x",
    "zebra <2> zebra",
    "k:report | s:received",
    "'k:report'",
    ":k:report",
    "a:5",
    "r:1",
    "search_document",
    "null",
]


@pytest.mark.parametrize("text", OPERATORS)
async def test_operators_and_statements_are_words(small: None, text: str) -> None:
    right = [1] if "pothole" in text else []
    assert await found(text) == right
    assert (await search("")).total == 3


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('"pothole', [1]),
        ("pothole'", [1]),
        ("(pothole", [1]),
        ("pothole)", [1]),
        ("!pothole", [1]),
        ("pothole:*", [1]),
        ("pothole & street", [1]),
        ("pothole <-> street", [1]),
        ("pot\x00hole", []),
        ("pothole\x00", [1]),
        ("\u202epothole\u202c", [1]),
        ("pot\u00adhole", [1]),
        (f"{HIGHLIGHT_START}pothole{HIGHLIGHT_END}", [1]),
        ("🙂pothole🙂", [1]),
        ("pothole\ud83d", [1]),
        ("p\u0301\u0302\u0303othole", [1]),
        ("po\u0301" + "\u0301" * 200 + "thole", [1]),
        ("<i>pothole</i>", [1]),
        ("路\x00灯", [2]),
        ("路灯\u202e", [2]),
        ("its broken", [3]),
        ("it's broken", [3]),
    ],
)
async def test_around_a_word(small: None, text: str, right: list[int]) -> None:
    assert await found(text) == right


@pytest.mark.parametrize(
    "text",
    [
        "pothole " * 1300,
        "x" * 10_000,
        "pothole" + "x" * 10_000,
        "路灯坏了" * 2500,
        "a " * 5000,
        " ".join(f"w{n}" for n in range(2000)),
        "pothole " * 130_000,
        "灯" * 350_000,
        "x" * 1_000_000,
        "é" * 1_000_000,
        "\u0301" * 1_000_000,
        "ﷺ" * 100_000,
        "! " * 500_000,
        "q" * 39,
        "q" * 500,
        "ab" * 300,
        "ж" * 600,
    ],
    ids=lambda text: f"{text[:7]} {len(text)}",
)
async def test_long_queries(small: None, text: str) -> None:
    one = await search(text)
    assert {hit.document.item_id for hit in one.hits} <= ({1} if "pothole" in text else {2})
    await search(text, partial=True)


@pytest.mark.parametrize("page", [0, -1, -(10**9), 1, 2, 10**9, 10**30])
@pytest.mark.parametrize("size", [20, 0, -5, 10**9])
async def test_pages_that_do_not_exist(small: None, page: int, size: int) -> None:
    one = await search("", page=page, size=size)
    assert one.total == 3
    assert len(one.hits) == (0 if size <= 0 or page > 1 else 3)


@pytest.mark.parametrize(
    "near",
    [
        (91.0, 0.0, 100),
        (-1000.0, 0.0, 100),
        (0.0, 181.0, 100),
        (0.0, 1e300, 100),
        (math.inf, 0.0, 100),
        (0.0, -math.inf, 100),
        (math.nan, 0.0, 100),
        (0.0, math.nan, 100),
        (10.0, 10.0, -1),
        (10.0, 10.0, 0),
    ],
)
async def test_nowhere(small: None, near: tuple[float, float, int]) -> None:
    await put_documents([document(9, "Here", lat=10.1, lon=10.0)])
    assert await found("", near=near) == []
    assert await found("here", near=near) == []


async def test_everywhere() -> None:
    await put_documents([document(9, "Here", lat=10.1, lon=10.0), document(10, "Nowhere")])
    for metres in (10**7, 10**9, 10**18):
        assert await found("", near=(10.0, 10.0, metres)) == [9]
    assert await found("", near=(90.0, 180.0, 10**8)) == [9]
    assert await found("", near=(-90.0, -180.0, 10**8)) == [9]


@pytest.mark.parametrize(
    "filters",
    [
        {"category_ids": (10**30, -1)},
        {"area_id": -5},
        {"area_id": 10**30},
        {"department_id": 10**30},
        {"statuses": ("",)},
        {"statuses": ("received' | 'x",)},
        {"statuses": ("\\", "'", ":*", "\x00", "\ud800", "x" * 3000)},
        {"since": datetime(9999, 12, 31, tzinfo=UTC)},
        {"readers": (10**30, -1)},
    ],
)
async def test_values_that_do_not_exist(small: None, filters: dict[str, Any]) -> None:
    assert await found("", **filters) == []
    assert await found("pothole", **filters) == []


async def test_the_beginning_of_time(small: None) -> None:
    assert await found("", since=datetime(1, 1, 1, tzinfo=UTC)) == [1, 2, 3]
    assert await found("", category_ids=tuple(range(1000))) == []


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("word " * 20_000 + "end", "word"),
        ("first " + "word " * 400_000, "first"),
        (" ".join(f"w{n}" for n in range(10_000)), "w77"),
        ("first " + "路灯坏了修" * 20_000, "灯坏了修"),
        ("first " + "x" * 2_000_000, "first"),
        ("first " + "ﷺ㍿" * 30_000, "first"),
        ("first " + "".join(chr(n) for n in range(0x3300, 0x33FF)) * 100, "first"),
        ("first " + "".join(chr(n) for n in range(0x20, 0x2FFF) if chr(n).isprintable()) * 10, "first"),
        ("first " + "".join(chr(n) for n in range(0x20000, 0x2A000)), "first"),
        ("a\u0301" * 50_000, "a"),
        ("first\x00" + "\x00" * 1000, "first"),
        ("first\ud800\udfff " + "\ud800" * 10, "first"),
        (HIGHLIGHT_START * 100 + "first" + HIGHLIGHT_END * 100, "first"),
        ("first \\ ' '' \\' :A :* & | !", "first"),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("where", ["title", "text", "discussion", "names"])
async def test_documents_of_any_kind_and_length(text: str, word: str, where: str) -> None:
    given: Any = (text, text[:100], "") if where == "names" else text
    await put_documents([replace(document(1, "Title", "Text"), **{where: given})])
    assert await found(word) == [1]
    hit = (await search(word)).hits[0]
    assert len(hit.excerpt.replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "")) < 300
    for part in (hit.title, hit.excerpt):
        assert part.count(HIGHLIGHT_START) == part.count(HIGHLIGHT_END)
        assert "\x00" not in part
        part.encode()
    await put_documents([document(1, "Zx")])
    assert await found(word) == []


async def test_everything_long_at_once() -> None:
    """All texts as different and long as they can be."""
    text = " ".join(f"{chr(0x4E00 + n % 20000)}{chr(0x3400 + n % 6000)}w{n}" for n in range(30_000))
    long = document(
        1, text, text, discussion=text, names=tuple(text[n : n + 20_000] for n in range(0, 100_000, 20_000))
    )
    await put_documents([long, document(2, "first")])
    assert await found("first") == [2]
    assert await found("w7") == [1]


async def test_a_title_of_nothing() -> None:
    for n, title in enumerate(["", " ", "\u0301" * 100, "!!!", HIGHLIGHT_START, "\u200f"]):
        await put_documents([document(n, title, f"lamp{n}lamp")])
        assert await found(f"lamp{n}lamp") == [n]


async def test_a_document_that_is_nowhere_and_never() -> None:
    await put_documents(
        [
            document(1, "lamp", at=datetime(1, 1, 2, tzinfo=UTC), support=-5),
            document(2, "lamp", at=datetime(9999, 12, 30, tzinfo=UTC), support=2**31 - 1, until=NOW),
            document(3, "lamp", lat=90.0, lon=180.0),
            document(4, "lamp", lat=-90.0, lon=-180.0, names=("", "")),
        ]
    )
    assert await found("lamp") == [1, 2, 3, 4]


async def test_marks_in_a_text_mark_nothing() -> None:
    await put_documents(
        [
            document(
                1,
                f"{HIGHLIGHT_START}not{HIGHLIGHT_END} lamp",
                f"{HIGHLIGHT_END}{HIGHLIGHT_START}{HIGHLIGHT_START} bench",
            )
        ]
    )
    [hit] = (await search("lamp")).hits
    assert hit.title == f"not {HIGHLIGHT_START}lamp{HIGHLIGHT_END}"
    assert HIGHLIGHT_START not in hit.document.title + hit.document.text


async def test_html_stays_what_it_is(small: None) -> None:
    [hit] = (await search("katyu broken")).hits
    assert "<b>deep</b>" in hit.excerpt.replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "")


# --- anything ---------------------------------------------------------------------------------------------------------

SPICED = st.text(
    st.one_of(st.characters(), st.sampled_from("'\"\\:*&|!<>()-%_ \x00\u0301\ue000\ue001\ud800路灯ab1ßİﷺ㍿ｶﾞ")),
    max_size=60,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=SPICED, typed=SPICED, some=st.booleans())
async def test_whatever_is_written_and_typed(text: str, typed: str, some: bool) -> None:
    await put_documents([document(1, text[:20], text), document(2, "路灯 ab")])
    one = await search(typed, partial=some)
    assert one.total == len(one.hits) or one.total > MAX_REACHABLE_HITS
    for hit in one.hits:
        hit.title.encode()
        hit.excerpt.encode()
        for part in (hit.title, hit.excerpt):
            assert part.count(HIGHLIGHT_START) == part.count(HIGHLIGHT_END)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statuses=st.lists(st.text(max_size=12), max_size=3),
    ids=st.lists(st.integers(), max_size=3),
    near=st.none() | st.tuples(st.floats(), st.floats(), st.integers(-(10**20), 10**20)),
    page=st.integers(),
    size=st.integers(),
    since=st.none() | st.datetimes(timezones=st.just(UTC)),
)
async def test_whatever_is_filtered_by(
    statuses: list[str], ids: list[int], near: Any, page: int, size: int, since: datetime | None
) -> None:
    await put_documents([document(1, "lamp", lat=1.0, lon=2.0)])
    await search(
        "lamp", statuses=tuple(statuses), category_ids=tuple(ids), near=near, page=page, size=size, since=since,
        area_id=ids[0] if ids else None, readers=tuple(ids) or None,
    )  # fmt: skip
