"""In what order things are found, what is marked in them, how they are narrowed and paged."""

from datetime import UTC, datetime, timedelta

import pytest

from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, MAX_REACHABLE_HITS, Query, SortOrder
from civic.search.postgres import rows
from civic.search.postgres import search as postgres_search
from tests.search.finding import CITY, NOW, found, noon, put, report, search, small

__all__ = ["noon", "small"]

pytestmark = pytest.mark.usefixtures("database", "noon")


# --- order ------------------------------------------------------------------------------------------------------------


async def test_the_title_before_names_before_the_text_before_what_was_said() -> None:
    await put(
        report(1, "Other", discussion="pothole"),
        report(2, "Other", "pothole"),
        report(3, "Other", names=("pothole",)),
        report(4, "pothole"),
    )
    assert await found("pothole") == [4, 3, 2, 1]


async def test_the_word_before_its_beginning_before_what_was_meant() -> None:
    await put(
        report(1, "lamps"),
        report(2, "lamp", days=200),
        report(3, "clamp"),
    )
    assert (await found("lamp"))[:2] == [2, 1]
    await put(*(report(n, "pothole") for n in range(10, 30)), report(40, "potholx", days=100))
    assert (await found("potholx"))[0] == 40


async def test_fresh_before_old_where_the_words_fit_as_well() -> None:
    await put(report(1, "pothole", days=900), report(2, "pothole", days=1), report(3, "pothole", days=90))
    assert await found("pothole") == [2, 3, 1]


async def test_open_before_solved_where_the_words_fit_as_well() -> None:
    """Nobody who looks for street lights looks for those that burn again, unless the open one is of long before."""
    await put(
        report(1, "路灯不亮", status="resolved", days=1),
        report(2, "路灯不亮", status="received", days=60),
        report(3, "路灯不亮", status="in_progress", days=900),
        report(4, "路灯不亮", status="confirmed", days=90),
    )
    assert await found("路灯") == [2, 1, 4, 3]


async def test_supported_before_others_where_the_words_fit_as_well() -> None:
    await put(report(1, "pothole"), report(2, "pothole", support=40), report(3, "pothole", support=3))
    assert await found("pothole") == [2, 3, 1]


async def test_a_service_before_what_is_said_of_it() -> None:
    await put(
        report(1, "Parking permit", "Quick", kind="rating", status=""),
        report(2, "Parking permit", "Bring a card.", kind="service", status="", at=datetime(1970, 1, 1, tzinfo=UTC)),
    )
    assert await found("parking permit") == [2, 1]


async def test_words_side_by_side_before_words_apart() -> None:
    await put(
        report(1, "Report", "The school has a new gate and across the long road stands a tree"),
        report(2, "Report", "The school gate has a new lock and across the long road"),
    )
    assert await found("school gate") == [2, 1]


@pytest.mark.parametrize(
    ("sort", "order"), [(SortOrder.NEW, [2, 3, 1]), (SortOrder.SUPPORTED, [1, 3, 2]), (SortOrder.RELEVANCE, [3, 2, 1])]
)
async def test_sorting(sort: SortOrder, order: list[int]) -> None:
    await put(
        report(1, "Other", discussion="pothole", days=30, support=9),
        report(2, "Other", "pothole", days=1),
        report(3, "pothole", days=2, support=4),
    )
    assert await found("pothole", sort=sort) == order


# --- what is marked ---------------------------------------------------------------------------------------------------


def plain(text: str) -> list[str]:
    """What stands between the marks."""
    return [part.partition(HIGHLIGHT_END)[0] for part in text.split(HIGHLIGHT_START)[1:]]


@pytest.mark.parametrize(
    ("text", "item_id", "marks"),
    [
        ("pothole", 1, ["Pothole"]),
        ("katyu", 2, ["Kátyú"]),
        ("pohtole", 1, ["Pothole"]),
        ("街灯", 4, ["路灯"]),
        ("路灯坏", 4, ["路灯坏"]),
        ("bin", 7, ["Trash", "can"]),
        ("elm street", 1, ["Elm", "Street"]),
    ],
)
async def test_what_matched_is_marked_in_the_title(small: None, text: str, item_id: int, marks: list[str]) -> None:
    [hit] = [hit for hit in (await search(text)).hits if hit.document.item_id == item_id]
    assert plain(hit.title) == marks
    assert hit.title.replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "") == hit.document.title


async def test_the_excerpt_is_where_it_matched() -> None:
    await put(report(1, "Long", "Word after word. " * 200 + "Here is the pothole, at last. " + "And on. " * 200))
    [hit] = (await search("pothole")).hits
    assert plain(hit.excerpt) == ["pothole"]
    assert len(hit.excerpt) < 300


async def test_accents_in_two_characters_are_marked_too() -> None:
    await put(report(1, "Ka\u0301tyu\u0301 a sarkon"))
    [hit] = (await search("kátyú")).hits
    assert plain(hit.title) == ["Ka\u0301tyu\u0301"]


# --- filters and paging -----------------------------------------------------------------------------------------------


async def test_nothing_typed_is_everything(small: None) -> None:
    everything = await search()
    assert everything.total == len(CITY)
    assert everything.exact
    assert (await search("   ")).total == len(CITY)


FILTERED = [
    report(1, "hole", category_id=1, area_ids=(11, 10), department_id=5, days=1),
    report(2, "hole", category_id=2, area_ids=(12, 10), department_id=5, status="resolved", days=10),
    report(3, "hole", category_id=1, area_ids=(12, 10), status="resolved", days=40),
    report(4, "hole", kind="traffic", area_ids=(11, 10), status="live", days=0.1),
    report(5, "hole", kind="service", status="", days=20_000),
]


@pytest.mark.parametrize(
    ("filters", "right"),
    [
        ({"kind": "report"}, {1, 2, 3}),
        ({"kind": "rating"}, set()),
        ({"category_ids": (1,)}, {1, 3}),
        ({"category_ids": (1, 2)}, {1, 2, 3}),
        ({"category_ids": (9,)}, set()),
        ({"area_id": 12}, {2, 3}),
        ({"area_id": 10}, {1, 2, 3, 4}),
        ({"department_id": 5}, {1, 2}),
        ({"statuses": ("resolved",)}, {2, 3}),
        ({"statuses": ("received", "live")}, {1, 4}),
        ({"statuses": ("x' | 'k:report",)}, set()),
        ({"since": NOW - timedelta(days=7)}, {1, 4}),
        ({"since": NOW - timedelta(days=30)}, {1, 2, 4}),
        ({"since": NOW - timedelta(days=30_000)}, {1, 2, 3, 4, 5}),
        ({"since": NOW + timedelta(days=40)}, set()),
        ({"kind": "report", "category_ids": (1,), "area_id": 12, "statuses": ("resolved",)}, {3}),
        ({"area_id": 10, "department_id": 5, "since": NOW - timedelta(days=7)}, {1}),
        ({"category_ids": (2,), "department_id": 5, "area_id": 11}, set()),
    ],
)
@pytest.mark.parametrize("text", ["", "hole"])
async def test_filters(text: str, filters: dict[str, object], right: set[int]) -> None:
    await put(*FILTERED)
    answer = await search(text, **filters)
    assert {hit.document.item_id for hit in answer.hits} == right
    assert answer.total == len(right)


async def test_a_clock_that_is_ahead() -> None:
    await put(report(1, "hole", days=-11))
    assert await found("hole", since=NOW - timedelta(days=7)) == [1]


async def test_a_status_may_hold_anything() -> None:
    await put(report(1, "hole", status="it's \\ a 'k:x"))
    assert await found(statuses=("it's \\ a 'k:x",)) == [1]


@pytest.mark.parametrize("sort", SortOrder)
@pytest.mark.parametrize("text", ["", "lamp"])
async def test_paging_neither_repeats_nor_loses(text: str, sort: SortOrder) -> None:
    """Many are equal in whatever they are sorted by."""
    await put(*(report(n, "lamp", days=n % 3, support=n % 2) for n in range(1, 93)))
    pages = [await found(text, sort=sort, size=7, page=page) for page in range(1, 16)]
    assert [len(page) for page in pages] == [7] * 13 + [1, 0]
    assert sorted(one for page in pages for one in page) == list(range(1, 93))


async def test_how_far_one_can_page() -> None:
    await put(*(report(n, "lamp") for n in range(1, MAX_REACHABLE_HITS + 60)))
    about = await search("lamp")
    assert not about.exact
    assert MAX_REACHABLE_HITS < about.total < MAX_REACHABLE_HITS + 300  # as a sample says
    assert len(await found("lamp", size=30, page=34)) == MAX_REACHABLE_HITS - 33 * 30
    assert await found("lamp", size=30, page=35) == []
    assert len(await found("lamp", size=5000)) == MAX_REACHABLE_HITS


async def test_the_same_twice_is_one_and_the_later_counts() -> None:
    await put(report(1, "lamp"), report(1, "bench"))
    await put(report(1, "fence"))
    assert [await found(word) for word in ("lamp", "bench", "fence")] == [[], [], [1]]
    assert (await search()).total == 1


async def test_kinds_are_told_apart() -> None:
    await put(report(1, "lamp"), report(1, "lamp", kind="traffic", status="live"))
    assert (await search("lamp")).total == 2
    await rows.remove_documents([("report", 1)])
    assert [hit.document.kind for hit in (await search("lamp")).hits] == ["traffic"]


async def test_a_document_comes_back_as_it_went_in() -> None:
    one = report(
        7, "Title", "Text", names=("a", "b"), discussion="discussion", category_id=1, area_ids=(3, 2), department_id=4,
        until=NOW, support=2, lat=1.5, lon=-2.5, extra={"a": ["ä", None, 1.5], "b": {"c": True}},
    )  # fmt: skip
    await put(one)
    assert [hit.document for hit in (await search("title")).hits] == [one]


async def test_the_desk_finds_in_tables_of_its_own() -> None:
    mine = report(1, "secret", kind="case", readers=(1, 2))
    theirs = report(2, "secret", kind="case", readers=(3,))
    nobodys = report(3, "secret", kind="case")
    await put(mine, theirs, nobodys, tables=rows.DESK)
    assert await found("secret") == []

    async def desk(readers: tuple[int, ...] | None) -> set[int]:
        answer = await postgres_search.find(Query(text="secret", readers=readers), rows.DESK)
        assert answer.total == sum(answer.facets["kind"].values()) == len(answer.hits)
        return {hit.document.item_id for hit in answer.hits}

    assert await desk((2,)) == {1}
    assert await desk((1, 3)) == {1, 2}
    assert await desk(()) == set()
    assert await desk(None) == {1, 2, 3}
