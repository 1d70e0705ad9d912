"""What is in a text is found by any of its words and by any two characters of Chinese; nothing else is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic import db
from civic.search.phrases import Synonyms
from civic.search.postgres.terms import all_of, parse_query
from civic.search.text import runs, tokenize, tsvector_text
from civic.text import fold

pytestmark = pytest.mark.usefixtures("database")

FINDS = "SELECT $1::tsvector @@ $2::tsquery AS found"


async def matches(query: str) -> str:
    return all_of((await parse_query(query, Synonyms())).terms)


async def finds(text: str, query: str, title: str = "") -> bool:
    rows = await db.fetch(FINDS, tsvector_text(tokenize([(title, "A"), (text, "")])), await matches(query))
    return bool(rows[0]["found"])


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("高新区路灯坏了", "路灯", True),
        ("高新区路灯坏了", "灯坏了", True),
        ("高新区路灯坏了", "路坏", False),
        ("高新区路灯坏了", "了", True),
        ("高新区路灯坏了", "区", True),
        ("高新区路灯坏了", "井", False),
        ("路灯。坏了", "灯坏", False),
        ("Kátyú a Rákóczi úton", "katyu rákóczi", True),
        ("Kátyú a Rákóczi úton", "RAKO", True),
        ("Kátyú a Rákóczi úton", "rako uton", True),
        ("Kátyú a Rákóczi úton", "rak uton", False),
        ("Straße gesperrt", "STRASSE", True),
        ("３号线Ａ口电梯", "3号线a口", True),
        ("Mill Road 12b", "12b", True),
        ("it's broken", "' | x:* & (", False),
        ("データセンター前", "センター", True),
        ("ガラス", "カラス", False),
        ("한국어 검색", "검색", True),
        ("\u200f\u202eabc", "abc", True),
    ],
)
async def test_finding(text: str, query: str, found: bool) -> None:
    assert await finds(text, query) is found


async def test_nothing_to_look_for() -> None:
    for nothing in ("", "  ", "!?&|<->'\\", "🙂"):
        assert await matches(nothing) == ""


async def test_a_title_and_its_text_are_no_phrase() -> None:
    assert await finds("坏了", "路灯坏了", title="路灯") is False
    assert await finds("坏了", "路灯 坏了", title="路灯") is True


async def test_a_very_long_text() -> None:
    assert await finds("路" * 50_000 + " end", "end", title="x" * 5000)
    assert await finds(" ".join(f"w{i}" for i in range(30_000)), "w29999")


ALPHABET = st.text(st.sampled_from("路灯坏了修 ab'\\:&|!()<>*,é\x00\n🙂"), max_size=30)


@settings(max_examples=150, deadline=None)
@given(text=ALPHABET, data=st.data())
async def test_any_part_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    """A run of Chinese by any of its parts, a word by any beginning of it; and whatever is typed is no error."""
    found = list(runs(text))
    query = data.draw(ALPHABET)
    if found:
        run = data.draw(st.sampled_from(found))
        start = data.draw(st.integers(0, len(run) - 1)) if run[0] in "路灯坏了修" else 0
        query = run[start : data.draw(st.integers(start + 1, len(run)))]
        assert await finds(text, query)
    elif await matches(query):
        assert not await finds(text, query)


def test_folding_twice_is_folding_once() -> None:
    for text in ("Kátyú", "ＡＢＣ", "ﬁn", "İstanbul", "ガ", "각"):
        assert fold(fold(text)) == fold(text)
