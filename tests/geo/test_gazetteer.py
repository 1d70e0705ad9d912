"""Names of places as people write them: what is the same, what fits, and where somebody has to choose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.geo import gazetteer, queries
from civic.geo.gazetteer import Fit, NamedPosition, compact, fit, fold_name
from tests.builders.gazetteer import write_places

PLACES = {
    "People’s Road": "人民路",
    "Dyers’ Lane": "染坊巷",
    "Lakeside Road": "湖滨路",
    "Stone Bridge Road": "石桥路",
    "Stone Bridge Market": "石桥菜市场",
    "Three-Arch Bridge": "三眼石桥",
    "St. John's Street": "圣约翰街",
    "Bell Tower Square": "钟楼广场",
    "Łódzka": "罗兹街",
    "Hauptstraße": "主街",
    "Elm": "榆树",
}


@pytest.fixture
async def places(database: str) -> None:
    await write_places(lines())


def lines() -> list[tuple[dict[str, str], float, float]]:
    return [({"en": en, "zh": zh}, 31 + number / 100, 118.0) for number, (en, zh) in enumerate(PLACES.items())]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("People's Road", "People’s Road"), ("Peoples Rd", "People’s Road"), ("people`s rd.", "People’s Road")),
        *(("Dyers Lane", "Dyers’ Lane"), ("dyer's ln", "Dyers’ Lane"), ("DYERS LANES", "Dyers’ Lane")),
        *(("Lakeside Rd", "Lakeside Road"), ("Lakeside-Road", "Lakeside Road"), ("lake side road", "Lakeside Road")),
        *(("Three Arch Bridge", "Three-Arch Bridge"), ("Three–Arch Br.", "Three-Arch Bridge")),
        *(("St Johns St", "St. John's Street"), ("Saint John’s Str.", "St. John's Street")),
        *(("Belltower Sq", "Bell Tower Square"), ("bell  tower square", "Bell Tower Square")),
        *(("lodzka", "Łódzka"), ("ŁÓDZKA", "Łódzka")),
        *(("Hauptstr.", "Hauptstraße"), ("HAUPTSTRASSE", "Hauptstraße")),
    ],
)
def test_the_same_name(typed: str, name: str) -> None:
    assert compact(typed) == compact(name)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("People's Road 12", "People’s Road"), ("12 Peoples Rd, Riverside", "People’s Road")),
        *(("人民路12号", "人民路"), ("人民 路", "人民路"), ("在染坊巷口", "染坊巷"), ("钟楼", "钟楼广场")),
        *(("the corner of Lakeside Rd", "Lakeside Road"), ("Lakeside", "Lakeside Road")),
        *(("ul. Lodzka 5", "Łódzka"), ("Hauptstr. 5", "Hauptstraße"), ("Elm 4", "Elm")),
        *(
            ("Lakesdie Road", "Lakeside Road"),
            ("Lakside Rd 12", "Lakeside Road"),
            ("Three Arc Bridge", "Three-Arch Bridge"),
        ),
        *(("Dyrs Lane", "Dyers’ Lane"), ("石侨菜市场", "石桥菜市场")),
    ],
)
async def test_one_place_is_meant(typed: str, name: str) -> None:
    first = (await queries.geocode(typed))[0]
    assert name in first.names.values()
    assert first.sure


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Stone Bridge", {"Stone Bridge Road", "Stone Bridge Market"}),
        ("石桥", {"Stone Bridge Road", "Stone Bridge Market", "Three-Arch Bridge"}),
        ("Lakeside Rd and Dyers Lane", {"Lakeside Road", "Dyers’ Lane"}),
        ("lakes", {"Lakeside Road"}),  # a part of a word
        ("el", {"Bell Tower Square", "Elm"}),
    ],
)
async def test_somebody_has_to_choose(typed: str, names: set[str]) -> None:
    hits = await queries.geocode(typed)
    assert names <= {hit.names["en"] for hit in hits}
    assert not any(hit.sure for hit in hits)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("typed", ["r", "R.", "helmet", "12", "-", "'", "No such street", "石", "x" * 5000])
async def test_nothing_is_found(typed: str) -> None:
    hits = await queries.geocode(typed)
    assert not any(hit.sure for hit in hits)
    if typed != "石":  # one Chinese character is a word of many names
        assert hits == []


async def test_two_places_of_one_name(database: str) -> None:
    await write_places([*lines(), ({"en": "Lakeside Road", "zh": "湖滨路"}, 31.5, 118.3)])
    hits = await queries.geocode("Lakeside Rd")
    assert [hit.names["en"] for hit in hits] == ["Lakeside Road", "Lakeside Road"]
    assert not any(hit.sure for hit in hits)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("typed", ["31.18196, 118.01978", "geo:31.18196,118.01978", "31,18196 118,01978"])
async def test_a_position_is_an_address(typed: str) -> None:
    [hit] = await queries.geocode(typed)
    assert (hit.lat, hit.lon, hit.sure, hit.names) == (31.18196, 118.01978, True, {})


@given(st.sampled_from([*PLACES, *PLACES.values()]), st.data())
def test_one_slip_is_forgiven(name: str, data: st.DataObject) -> None:
    """A letter that is left out, typed twice, or exchanged with the next."""
    words = fold_name(name)
    known = "".join(words)
    at = data.draw(st.integers(0, len(known) - 2))
    slips = [known[:at] + known[at + 1 :], known[: at + 1] + known[at:]]
    slips.append(known[:at] + known[at + 1] + known[at] + known[at + 2 :])
    if len(known) > 5:
        assert all(fit((slip,), words) for slip in slips)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_compared(typed: str, name: str) -> None:
    found = fit(fold_name(typed), fold_name(name))
    assert (found is Fit.SAME) == (compact(typed) == compact(name) != "")
    ranked = gazetteer.rank_places(typed, [NamedPosition({"en": name}, 31, 118)], 5)
    assert len(ranked) == bool(found)
