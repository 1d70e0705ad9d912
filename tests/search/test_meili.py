"""Finding with Meilisearch: an imitation always, a real one where there is one."""

import os
import random
import string

import pytest

from civic import timing
from civic.search import saved_state
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Query, SortOrder
from civic.search.meili import queue
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.fallback import answer
from civic.search.meili.multi_search import RankedHits
from civic.search.postgres import rows
from tests.builders.documents import (
    CITY,
    LIGHTS,
    NORTH,
    NOW,
    OFFICE,
    PARKS,
    POTHOLES,
    RATS,
    SOUTH,
    WANTED,
    WORKS,
    fill_indexes,
    make_document,
    make_documents,
)
from tests.search.conftest import URL


@pytest.fixture
async def city(meili: Meili) -> Meili:
    """The index with a small city's documents."""
    await fill_indexes(meili)
    return meili


async def find(meili: Meili, text: str = "", **values: object) -> RankedHits:
    with timing.at(NOW):
        return await meili.find(Query(text=text, **values))  # type: ignore[arg-type]


async def subjects(meili: Meili, text: str = "", **values: object) -> list[int]:
    return [hit.key[1] for hit in (await find(meili, text, **values)).hits]


async def test_a_real_one_is_asked_too() -> None:
    """Not a test: it says so where the tests of this file had to do with the imitation."""
    if not os.environ.get(URL):
        pytest.skip(f"only an imitation of Meilisearch was asked: {URL} and CIVIC_TEST_MEILI_KEY name a real one")


async def test_words_are_found(city: Meili) -> None:
    assert set(await subjects(city, "pothole")) == {1, 2, 3}
    assert (await subjects(city, "pothole"))[-1] == 3  # in the title comes before in the text
    assert await subjects(city, "elm pothole") == [1]
    assert await subjects(city, "nothing like it") == []


async def test_half_a_word_and_a_mistyped_one_are_found(city: Meili) -> None:
    assert set(await subjects(city, "poth")) == {1, 2, 3}
    found = await find(city, "potohle market")
    assert [hit.key[1] for hit in found.hits] == [2]
    assert found.corrections == ("potohle → pothole",)
    assert await subjects(city, "lam") == [3]
    assert 5 in await subjects(city, "patkany")


async def test_chinese_is_found(city: Meili) -> None:
    assert await subjects(city, "路灯") == [4]
    assert await subjects(city, "门口") == [4]


async def test_synonyms_are_found(city: Meili) -> None:
    assert await subjects(city, "bin") == [6]
    assert await subjects(city, "街灯") == [4]


async def test_some_words_are_enough_where_that_is_asked_for(city: Meili) -> None:
    text = "there is a pothole at our market again"
    assert await subjects(city, text) == []
    assert (await subjects(city, text, partial=True))[0] == 2


async def test_nothing_but_punctuation_finds_nothing(city: Meili) -> None:
    for text in ("!!!", "***", '"', "%_", "\0", "🙂"):
        assert await find(city, text) == RankedHits([], 0), text


async def test_no_text_finds_everything(city: Meili) -> None:
    found = await find(city)
    assert (found.total, found.exact, len(found.hits)) == (8, True, 8)


async def test_facets_count(city: Meili) -> None:
    found = await find(city)
    assert found.facets == {
        "kind": {"report": 6, "traffic": 1, "service": 1},
        "category": {str(POTHOLES): 2, str(LIGHTS): 2, str(RATS): 2, str(OFFICE): 1},
        "area": {str(NORTH): 3, str(SOUTH): 3, str(CITY): 6},
        "department": {str(WORKS): 3, str(PARKS): 2},
        "status": {"received": 5, "resolved": 1},
        "time": {"week": 4, "month": 5, "year": 7},
    }


async def test_a_facet_counts_what_its_own_filter_hides(city: Meili) -> None:
    found = await find(city, kind="report", category_ids=(POTHOLES,))
    assert found.total == 2
    assert found.facets["kind"] == {"report": 2}
    assert found.facets["category"] == {str(POTHOLES): 2, str(LIGHTS): 2, str(RATS): 2}
    assert found.facets["status"] == {"received": 1, "resolved": 1}


@pytest.mark.parametrize(
    ("narrowed", "right"),
    [
        ({"kind": "traffic"}, {7}),
        ({"category_ids": (LIGHTS, OFFICE)}, {3, 4, 8}),
        ({"area_id": NORTH}, {1, 3, 7}),
        ({"department_id": PARKS}, {5, 6}),
        ({"statuses": ("resolved",)}, {2}),
        ({"near": (42.36, -71.06, 500)}, {1}),
        ({"near": (42.36, -71.06, 20_000)}, {1, 2}),
        ({"category_ids": (10**18,)}, set()),
        ({"area_id": -1}, set()),
        ({"statuses": ("x OR 1=1",)}, set()),
        ({"statuses": ("exists",)}, set()),
    ],
)
async def test_filters_narrow(city: Meili, narrowed: dict[str, object], right: set[int]) -> None:
    assert set(await subjects(city, **narrowed)) == right


async def test_time_narrows(city: Meili) -> None:
    assert set(await subjects(city, since=NOW.replace(day=17))) == {1, 3, 6, 7}


async def test_the_order_that_is_asked_for(city: Meili) -> None:
    assert (await subjects(city, sort=SortOrder.NEW, kind="report")) == [1, 6, 3, 2, 5, 4]
    assert (await subjects(city, sort=SortOrder.SUPPORTED))[:3] == [2, 1, 6]


async def test_what_is_newer_or_supported_comes_first_among_what_fits_as_well(meili: Meili) -> None:
    same = [
        make_document(1, "Lamp broken", days=400),
        make_document(2, "Lamp broken", days=1),
        make_document(3, "Lamp broken", days=1, support=40),
    ]
    await fill_indexes(meili, same)
    assert await subjects(meili, "lamp broken") == [3, 2, 1]
    assert await subjects(meili) == [3, 2, 1]


async def test_what_was_found_is_marked(city: Meili) -> None:
    [hit] = (await find(city, "elm pothole")).hits
    assert hit.title == f"{HIGHLIGHT_START}Pothole{HIGHLIGHT_END} on {HIGHLIGHT_START}Elm{HIGHLIGHT_END} Street"
    [hit] = (await find(city, "ordered")).hits
    assert f"{HIGHLIGHT_START}ordered{HIGHLIGHT_END}" in hit.excerpt
    [hit] = (await find(city, "路灯")).hits
    assert f"{HIGHLIGHT_START}路灯{HIGHLIGHT_END}" in hit.title


async def test_a_long_text_is_cropped_to_where_the_words_are(meili: Meili) -> None:
    text = "on and on " * 9000 + "the needle is here " + "and so on " * 1000
    await fill_indexes(meili, [make_document(1, "Hay", text[:20_000]), make_document(2, "Hay", text[-15_000:])])
    [hit] = (await find(meili, "needle")).hits
    assert hit.key == ("report", 2)
    assert f"{HIGHLIGHT_START}needle{HIGHLIGHT_END}" in hit.excerpt
    assert len(hit.excerpt) < 500


async def test_a_hit_says_of_what_state_it_is(city: Meili) -> None:
    [hit] = (await find(city, "elm pothole")).hits
    key = ("report", 1)
    assert hit.digest == (await rows.read_digests([key]))[key].hex()
    await rows.write_documents([make_document(1, "Nothing like it")])
    [hit] = (await find(city, "elm pothole")).hits
    assert hit.digest != (await rows.read_digests([key]))[key].hex()


async def test_pages(meili: Meili) -> None:
    await fill_indexes(meili, [make_document(n, f"Lamp {n}", days=n) for n in range(1, 46)])
    pages = [await subjects(meili, "lamp", page=page, sort=SortOrder.NEW) for page in (1, 2, 3, 4, 10**9, -1, 0)]
    assert pages[0] + pages[1] + pages[2] == list(range(1, 46))
    assert pages[3] == pages[4] == []
    assert pages[5] == pages[6] == pages[0]
    assert (await find(meili, "lamp", page=10**9)).total == 45


ODD = [
    "x" * 10_000,
    "status = x OR 1=1",
    'kind = report AND "',
    "settings_1 EXISTS",
    "\0pothole\0",
    "pot\u202ehole",
    "\ud800",
    "'; DROP TABLE post; --",
    '"pothole elm" -street "',
    "路灯" * 500,
    " ".join(string.ascii_lowercase),
]


@pytest.mark.parametrize("text", ODD)
async def test_whatever_is_typed_is_answered(city: Meili, text: str) -> None:
    for some_enough in (False, True):
        await find(city, text, partial=some_enough)


async def test_noise_is_answered(city: Meili) -> None:
    dice = random.Random(7)
    for _ in range(60):
        text = "".join(chr(dice.choice([dice.randrange(0x20, 0x7F), dice.randrange(0x3000, 0xFFFF)])) for _ in range(9))
        await find(city, text, statuses=(text,), area_id=dice.randrange(-5, 5), page=dice.randrange(-3, 10**6))


# --- the key for searching --------------------------------------------------------------------------------------------


async def test_the_key_for_searching_can_do_nothing_else(city: Meili) -> None:
    if not city.key:
        pytest.skip("this Meilisearch has no master key")
    key = await queue.search_key()
    assert key
    assert key != city.key
    assert await city.make_search_key() == key  # whoever makes it: it is one
    stranger = Meili.__new__(Meili)
    stranger.__dict__ |= city.__dict__ | {"key": key}
    for work in (
        lambda client: client.index(city.index).get_settings(),
        lambda client: client.index(city.index).get_documents({"limit": 1}),
        lambda client: client.index(city.index).add_documents([{"id": "report-1"}]),
        lambda client: client.create_key({"actions": ["*"], "indexes": ["*"], "expiresAt": None}),
        lambda client: client.multi_search([{"indexUid": "another", "q": ""}]),
    ):
        with pytest.raises(EngineDown) as raised:
            await stranger.call(work)
        assert raised.value.state == EngineState.REFUSED


async def test_without_that_key_nothing_is_searched(meili: Meili) -> None:
    if not meili.key:
        pytest.skip("this Meilisearch has no master key")
    await fill_indexes(meili)
    await saved_state.delete_state(queue.KEY)
    with pytest.raises(EngineDown) as raised:
        await find(meili)
    assert raised.value.state == EngineState.REFUSED


async def test_the_state_of_an_index(meili: Meili) -> None:
    assert (await meili.condition(WANTED)).state == EngineState.MISSING
    await fill_indexes(meili)
    found = await meili.condition(WANTED)
    assert (found.state, found.documents, found.differing) == (EngineState.OK, len(make_documents()), ())
    task = await meili.call(lambda client: client.index(meili.index).update_settings({"rankingRules": ["words"]}))
    await meili.wait_until_done([task.task_uid])
    found = await meili.condition(WANTED)
    assert (found.state, found.differing) == (EngineState.DIFFERS, ("rankingRules",))


async def test_an_answer_is_not_counted_as_a_fallback(city: Meili) -> None:
    with timing.at(NOW):
        found = await answer(city, Query(text="elm pothole"))
    assert found
    assert found.total == 1
