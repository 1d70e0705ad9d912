"""Everything in the index is found by what somebody may type for it, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from civic import cache, timing
from civic.search import postgres, rows
from civic.search.documents import MARK, REACH, UNMARK, Document, Found, Kind, Query, Sort
from civic.search.terms import Synonyms
from civic.search.vocabulary import count_words

pytestmark = pytest.mark.usefixtures("database", "noon")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYNONYMS = Synonyms.from_groups(
    [
        ("bin", "trash can", "垃圾桶"),
        ("路灯", "街灯"),
        ("streetlight", "street light"),
        ("kuka", "bin"),
        ("LED灯", "灯泡 LED"),
    ]
)


@pytest.fixture
async def noon() -> AsyncIterator[None]:
    with timing.at(NOW):
        yield


def report(subject: int, title: str, text: str = "", *, days: float = 0, **values: object) -> Document:
    """A report of so many days ago."""
    given = {"kind": Kind.REPORT, "url": f"/reports/{subject}", "status": "received", "at": NOW - timedelta(days=days)}
    return Document(**given | {"subject": subject, "title": title, "text": text} | values)  # type: ignore[arg-type]


async def put(*documents: Document, tables: rows.Tables = rows.PUBLIC) -> None:
    """Into the index; its words are counted."""
    await rows.index(documents, tables)
    await count_words()
    cache.forget_all()


async def search(text: str = "", **values: object) -> Found:
    return await postgres.find(Query(text=text, **values), synonyms=SYNONYMS)  # type: ignore[arg-type]


async def found(text: str = "", **values: object) -> list[int]:
    """What is found, in its order."""
    return [hit.document.subject for hit in (await search(text, **values)).hits]


CITY = [
    report(1, "Pothole on Elm Street", "Deep, in front of the school.", names=("Elm Street 12", "26-118340")),
    report(2, "Kátyú a Rákóczi úton", "Tegnap óta."),
    report(3, "Patkany a Kossuth utcaban", "Lattam egy patkanyt."),
    report(4, "高新区路灯坏了", "小区门口的路灯坏了三天"),
    report(5, "街灯不亮", "人民路"),
    report(6, "Bin is full", "It smells."),
    report(7, "Trash can overturned", "By the wind."),
    report(8, "Müllabfuhr in der Gießereistraße", "Ausgefallen."),
    report(9, "Яма на улице Ленина", "Глубокая."),
    report(10, "데이터센터 앞 가로등", "고장났어요"),
    report(11, "データセンター前の信号", "ガラスが割れている"),
    report(12, "３号线Ａ口电梯停运", "从昨天开始"),
    report(13, "Graffiti", "On the wall of the underground station.", names=("26-118999",)),
    report(14, "Illegal parking", "Cars on the pavement, every day."),
    report(15, "垃圾桶满了", "请清运"),
    report(16, "Street light is out", "Dark at night."),
    report(17, "LED灯闪烁", "一直闪"),
    report(18, "公园WiFi很慢", "每天晚上"),
]


@pytest.fixture
async def small(noon: None) -> None:
    await put(*CITY)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        # A word and its beginnings, while it is typed.
        ("pothole", {1}),
        ("POTHOLE", {1}),
        ("pot", {1}),
        ("po", {1}),
        ("graf", {13}),
        ("und", {13}),
        # Slips: one from four letters on (a letter wrong, too many, too few, swapped), two from eight.
        ("elm strete", {1}),
        ("pothle", {1}),
        ("potthole", {1}),
        ("pathole", {1}),
        ("ptohole", {1}),
        ("grafitti", {13}),
        ("graffitti", {13}),
        ("undergroudn", {13}),
        ("undreground", {13}),
        ("undergruond", {13}),
        ("undegruond", {13}),
        ("ilegal parkin", {14}),
        ("wlal", {13}),
        # Beginnings with a slip in them.
        ("undreg", {13}),
        ("grafit", {13}),
        # Neither in short words nor in numbers, nor more of them.
        ("elk", set()),
        ("26-118341", set()),
        ("118339", set()),
        ("pthle", set()),
        ("undrgruodn", set()),
        # Accents, both ways, and letters that are two.
        ("katyu", {2}),
        ("Kátyú", {2}),
        ("KÁTYÚ", {2}),
        ("Ka\u0301tyu\u0301", {2}),
        ("rakoczi", {2}),
        ("potkány", {3}),
        ("patkány", {3}),
        ("patkányt láttam", {3}),
        ("gießerei", {8}),
        ("giesserei", {8}),
        ("mullabfuhr", {8}),
        # Chinese: one character, two, many, with Latin between.
        ("灯", {4, 5, 17}),
        ("坏", {4}),
        ("人", {5}),
        ("门口", {4}),
        ("高新区路灯坏了", {4}),
        ("灯坏天小", set()),
        ("灯门", set()),
        ("停运", {12}),
        ("公园wifi", {18}),
        ("公园WiFi很慢", {18}),
        ("wifi", {18}),
        ("wifi 公园", {18}),
        # Other writing.
        ("센터", {10}),
        ("데이터센터", {10}),
        ("가로등", {10}),
        ("データ", {11}),
        ("ﾃﾞｰﾀ", {11}),
        ("センター", {11}),
        ("ガラス", {11}),
        ("カラス", set()),
        ("信号", {11}),
        ("ленина", {9}),
        ("ЯМА", {9}),
        ("улец", {9}),
        ("ленена", {9}),
        # Full width and half.
        ("3号线", {12}),
        ("３号线ａ口", {12}),
        ("ＰＯＴＨＯＬＥ", {1}),
        # Numbers of cases, whole and in part.
        ("26-118340", {1}),
        ("118340", {1}),
        ("118999", {13}),
        ("26", {1, 13}),
        ("26-118", {1, 13}),
        # Synonyms, both ways, across languages, of several words.
        ("路灯", {4, 5}),
        ("街灯", {4, 5}),
        ("街灯坏了", {4}),
        ("bin", {6, 7, 15}),
        ("trash can", {6, 7, 15}),
        ("垃圾桶", {6, 7, 15}),
        ("kuka", {6}),
        ("streetlight", {16}),
        ("street light", {16}),
        ("light street", {16}),
        ("LED灯", {17}),
        ("灯泡 led", {17}),
        # Plural.
        ("potholes", {1}),
        ("walls", {13}),
        ("glass", set()),
        # The order of words does not matter.
        ("school front deep", {1}),
        ("street elm pothole", {1}),
        ("utcaban kossuth", {3}),
        # Whatever stands between them.
        ("elm/street", {1}),
        ("elm, street!", {1}),
        ("'elm' & \"street\"", {1}),
        ("  elm\t\nstreet  ", {1}),
        # Names count as texts do.
        ("elm street 12", {1}),
        # Nothing has these.
        ("zebra", set()),
        ("zebra crossing", set()),
        ("井盖", set()),
    ],
)
async def test_what_is_typed(small: None, text: str, right: set[int]) -> None:
    assert set(await found(text)) == right


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz0123456789")
async def test_one_letter_is_the_beginning_of_a_word(letter: str) -> None:
    """And not of what filters ask for."""
    await put(
        report(1, "路灯", category_id=3, department_id=4, area_ids=(5, 6), lat=42.0, lon=-71.0, status="assigned"),
        report(2, f"{letter}xyz", kind=Kind.TRAFFIC, status=""),
    )
    assert await found(letter) == [2]


@pytest.mark.parametrize("text", ["k:report", "k report", "s:received", "a:5", "r:1", "m:202611", "c:3 k:report"])
async def test_labels_are_no_words(text: str) -> None:
    await put(report(1, "路灯", category_id=3, area_ids=(5,), readers=(1,)))
    assert await found(text) == []
    assert await found(text, some=True) == []


async def test_a_word_that_is_being_typed_and_one_that_is_finished(small: None) -> None:
    assert await found("gra") == [13]
    assert await found("gra ") == []


async def test_two_words_that_are_one(small: None) -> None:
    """A group of synonyms does not make its words harder to find."""
    await put(report(30, "Light of the street"), report(31, "Street lights flicker"))
    assert set(await found("street light")) == {16, 30, 31}
    assert (await found("street light"))[0] == 16


async def test_what_was_meant_is_said(small: None) -> None:
    assert (await search("pohtole")).instead == ("pohtole → pothole",)
    assert (await search("pothole")).instead == ()


async def test_a_frequent_word_is_not_taken_for_another() -> None:
    await put(*(report(n, "sewer") for n in range(20)), *(report(n, "sever") for n in range(20, 30)))
    assert set(await found("sewer", size=100)) == set(range(20))


async def test_a_whole_sentence() -> None:
    """What has most of its telling words."""
    await put(*CITY)
    sentence = (
        "Hello, I would like to tell you that there is a deep pothole right in front of the school, please mend it"
    )
    assert await found(sentence, some=True) == [1]
    assert 4 in await found("你好，我们小区门口的路灯已经坏了好几天了，请尽快修理", some=True)
    assert await found("Nothing of this occurs anywhere", some=True) == []


async def test_a_sentence_of_one_word(small: None) -> None:
    assert await found("Pothole", some=True) == [1]
    assert await found("Pothole zzzyx", some=True) == [1]


async def test_most_of_the_words_where_nothing_has_all(small: None) -> None:
    assert (await found("pothole elm street market"))[:1] == [1]
    assert await found("小区门口路灯坏了好几天") == [4]


async def test_those_with_all_words_come_first() -> None:
    await put(
        report(1, "Red car", "abandoned"),
        report(2, "Red bicycle", "abandoned"),
        report(3, "Red car, abandoned bicycle", days=300),
    )
    assert (await found("red car abandoned bicycle"))[0] == 3


# --- order ------------------------------------------------------------------------------------------------------------


async def test_the_title_before_names_before_the_text_before_what_was_said() -> None:
    await put(
        report(1, "Other", said="pothole"),
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


async def test_supported_before_others_where_the_words_fit_as_well() -> None:
    await put(report(1, "pothole"), report(2, "pothole", support=40), report(3, "pothole", support=3))
    assert await found("pothole") == [2, 3, 1]


async def test_a_service_before_what_is_said_of_it() -> None:
    await put(
        report(1, "Parking permit", "Quick", kind=Kind.RATING, status=""),
        report(2, "Parking permit", "Bring a card.", kind=Kind.SERVICE, status="", at=datetime(1970, 1, 1, tzinfo=UTC)),
    )
    assert await found("parking permit") == [2, 1]


async def test_words_side_by_side_before_words_apart() -> None:
    await put(
        report(1, "Report", "The school has a new gate and across the long road stands a tree"),
        report(2, "Report", "The school gate has a new lock and across the long road"),
    )
    assert await found("school gate") == [2, 1]


@pytest.mark.parametrize(
    ("sort", "order"), [(Sort.NEW, [2, 3, 1]), (Sort.SUPPORTED, [1, 3, 2]), (Sort.RELEVANCE, [3, 2, 1])]
)
async def test_sorting(sort: Sort, order: list[int]) -> None:
    await put(
        report(1, "Other", said="pothole", days=30, support=9),
        report(2, "Other", "pothole", days=1),
        report(3, "pothole", days=2, support=4),
    )
    assert await found("pothole", sort=sort) == order


# --- what is marked ---------------------------------------------------------------------------------------------------


def plain(text: str) -> list[str]:
    """What stands between the marks."""
    return [part.partition(UNMARK)[0] for part in text.split(MARK)[1:]]


@pytest.mark.parametrize(
    ("text", "subject", "marks"),
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
async def test_what_matched_is_marked_in_the_title(small: None, text: str, subject: int, marks: list[str]) -> None:
    [hit] = [hit for hit in (await search(text)).hits if hit.document.subject == subject]
    assert plain(hit.title) == marks
    assert hit.title.replace(MARK, "").replace(UNMARK, "") == hit.document.title


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
    report(4, "hole", kind=Kind.TRAFFIC, area_ids=(11, 10), status="live", days=0.1),
    report(5, "hole", kind=Kind.SERVICE, status="", days=20_000),
]


@pytest.mark.parametrize(
    ("filters", "right"),
    [
        ({"kind": Kind.REPORT}, {1, 2, 3}),
        ({"kind": Kind.RATING}, set()),
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
        ({"kind": Kind.REPORT, "category_ids": (1,), "area_id": 12, "statuses": ("resolved",)}, {3}),
        ({"area_id": 10, "department_id": 5, "since": NOW - timedelta(days=7)}, {1}),
        ({"category_ids": (2,), "department_id": 5, "area_id": 11}, set()),
    ],
)
@pytest.mark.parametrize("text", ["", "hole"])
async def test_filters(text: str, filters: dict[str, object], right: set[int]) -> None:
    await put(*FILTERED)
    answer = await search(text, **filters)
    assert {hit.document.subject for hit in answer.hits} == right
    assert answer.total == len(right)


async def test_a_clock_that_is_ahead() -> None:
    await put(report(1, "hole", days=-11))
    assert await found("hole", since=NOW - timedelta(days=7)) == [1]


async def test_a_status_may_hold_anything() -> None:
    await put(report(1, "hole", status="it's \\ a 'k:x"))
    assert await found(statuses=("it's \\ a 'k:x",)) == [1]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("text", ["", "lamp"])
async def test_paging_neither_repeats_nor_loses(text: str, sort: Sort) -> None:
    """Many are equal in whatever they are sorted by."""
    await put(*(report(n, "lamp", days=n % 3, support=n % 2) for n in range(1, 93)))
    pages = [await found(text, sort=sort, size=7, page=page) for page in range(1, 16)]
    assert [len(page) for page in pages] == [7] * 13 + [1, 0]
    assert sorted(one for page in pages for one in page) == list(range(1, 93))


async def test_how_far_one_can_page() -> None:
    await put(*(report(n, "lamp") for n in range(1, REACH + 60)))
    assert (await search("lamp")).total == REACH + 59
    assert len(await found("lamp", size=30, page=34)) == REACH - 33 * 30
    assert await found("lamp", size=30, page=35) == []
    assert len(await found("lamp", size=5000)) == REACH


async def test_the_same_twice_is_one_and_the_later_counts() -> None:
    await put(report(1, "lamp"), report(1, "bench"))
    await put(report(1, "fence"))
    assert [await found(word) for word in ("lamp", "bench", "fence")] == [[], [], [1]]
    assert (await search()).total == 1


async def test_kinds_are_told_apart() -> None:
    await put(report(1, "lamp"), report(1, "lamp", kind=Kind.TRAFFIC, status="live"))
    assert (await search("lamp")).total == 2
    await rows.remove([("report", 1)])
    assert [hit.document.kind for hit in (await search("lamp")).hits] == [Kind.TRAFFIC]


async def test_a_document_comes_back_as_it_went_in() -> None:
    one = report(
        7, "Title", "Text", names=("a", "b"), said="said", category_id=1, area_ids=(3, 2), department_id=4,
        until=NOW, support=2, lat=1.5, lon=-2.5, shown={"a": ["ä", None, 1.5], "b": {"c": True}},
    )  # fmt: skip
    await put(one)
    assert [hit.document for hit in (await search("title")).hits] == [one]


async def test_the_desk_finds_in_tables_of_its_own() -> None:
    mine = report(1, "secret", kind=Kind.CASE, readers=(1, 2))
    theirs = report(2, "secret", kind=Kind.CASE, readers=(3,))
    nobodys = report(3, "secret", kind=Kind.CASE)
    await put(mine, theirs, nobodys, tables=rows.DESK)
    assert await found("secret") == []

    async def desk(readers: tuple[int, ...] | None) -> set[int]:
        answer = await postgres.find(Query(text="secret", readers=readers), rows.DESK)
        assert answer.total == sum(answer.facets["kind"].values()) == len(answer.hits)
        return {hit.document.subject for hit in answer.hits}

    assert await desk((2,)) == {1}
    assert await desk((1, 3)) == {1, 2}
    assert await desk(()) == set()
    assert await desk(None) == {1, 2, 3}


async def test_many_search_at_once(small: None) -> None:
    texts: Sequence[str] = ["pothole", "路灯", "katyu", "bin", "zebra"] * 8
    answers = await asyncio.gather(*(found(text) for text in texts))
    assert answers == [await found(text) for text in texts]
