"""Everything in the index is found by what somebody may type for it, and nothing else is."""

import asyncio
from collections.abc import Sequence

import pytest

from civic.db import execute
from civic.search.postgres import vocabulary
from tests.search.finding import CITY, found, noon, put, report, search, small

__all__ = ["noon", "small"]

pytestmark = pytest.mark.usefixtures("database", "noon")


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
        ("улец", set()),
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
        ("街灯坏了", {4, 5}),  # 5 has most of it
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
        report(2, f"{letter}xyz", kind="traffic", status=""),
    )
    assert await found(letter) == [2]


@pytest.mark.parametrize("text", ["k:report", "k report", "s:received", "a:5", "r:1", "m:202611", "c:3 k:report"])
async def test_labels_are_no_words(text: str) -> None:
    await put(report(1, "路灯", category_id=3, area_ids=(5,), readers=(1,)))
    assert await found(text) == []
    assert await found(text, partial=True) == []


async def test_a_word_that_is_being_typed_and_one_that_is_finished(small: None) -> None:
    assert await found("gra") == [13]
    assert await found("gra ") == []


async def test_two_words_that_are_one(small: None) -> None:
    """A group of synonyms does not make its words harder to find."""
    await put(report(30, "Light of the street"), report(31, "Street lights flicker"))
    assert set(await found("street light")) == {16, 30, 31}
    assert (await found("street light"))[0] == 16


async def test_what_was_meant_is_said(small: None) -> None:
    assert (await search("pohtole")).corrections == ("pohtole → pothole",)
    assert (await search("pothole")).corrections == ()


async def test_what_only_hidden_texts_had_is_not_said(small: None) -> None:
    await vocabulary.add_words(["blackmail"])  # of a text that has left the index since
    answer = await search("blakcmail")
    assert (answer.hits, answer.corrections) == ([], ())


async def test_a_frequent_word_is_not_taken_for_another() -> None:
    await put(*(report(n, "sewer") for n in range(20)), *(report(n, "sever") for n in range(20, 30)))
    assert set(await found("sewer", size=100)) == set(range(20))


@pytest.mark.parametrize("estimate", [-1, 30, 1000, 40_000])
async def test_a_whole_sentence(estimate: int) -> None:
    """What has most of its telling words, however many documents PostgreSQL believes that there are."""
    await put(*CITY)
    await execute("UPDATE pg_class SET reltuples = $1 WHERE oid = 'search_document'::regclass", estimate)
    sentence = (
        "Hello, I would like to tell you that there is a deep pothole right in front of the school, please mend it"
    )
    assert await found(sentence, partial=True) == [1]
    assert 4 in await found("你好，我们小区门口的路灯已经坏了好几天了，请尽快修理", partial=True)
    assert await found("Nothing of this occurs anywhere", partial=True) == []


async def test_a_sentence_of_one_word(small: None) -> None:
    assert await found("Pothole", partial=True) == [1]
    assert await found("Pothole zzzyx", partial=True) == [1]


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


async def test_many_search_at_once(small: None) -> None:
    texts: Sequence[str] = ["pothole", "路灯", "katyu", "bin", "zebra"] * 8
    answers = await asyncio.gather(*(found(text) for text in texts))
    assert answers == [await found(text) for text in texts]
