"""What can go wrong with Meilisearch, with the imitation of it: nothing waits long, nothing is lost, it catches up."""

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from civic.config import SearchConfig
from civic.db import execute
from civic.search.documents import Query
from civic.search.meili import client as asking
from civic.search.meili import queue
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.fallback import answer
from tests.builders.documents import make_document, write_documents
from tests.search.conftest import SECONDS
from tests.search.imitation import Imitation
from tests.search.test_meili_following import follow, pushed

ELM = Query(text="elm pothole")


def fallbacks(reason: str) -> float:
    return REGISTRY.get_sample_value("civic_search_fallbacks_total", {"reason": reason}) or 0


async def trouble(meili: Meili) -> EngineState:
    with pytest.raises(EngineDown) as raised:
        await meili.find(ELM)
    return raised.value.state


def wait_for(event: threading.Event) -> None:
    assert event.wait(60)


# --- searching --------------------------------------------------------------------------------------------------------


def broken(imitation: Imitation) -> None:
    imitation.status = 500


def silent(imitation: Imitation) -> None:
    imitation.delay = SECONDS + 0.5


def away(imitation: Imitation) -> None:
    imitation.stop()


def strange_settings(imitation: Imitation) -> None:
    found = imitation.indexes["civic"].settings
    found["filterableAttributes"] = [name for name in found["filterableAttributes"] if not name.startswith("settings_")]


def lost(imitation: Imitation) -> None:
    imitation.lose()


def other_master_key(imitation: Imitation) -> None:
    imitation.master = "another master key"
    imitation.keys.clear()


def nonsense(imitation: Imitation) -> None:
    imitation.indexes["civic"].search = lambda asked: {"hits": "none"}  # type: ignore[method-assign]


WRONG = [
    (broken, EngineState.AWAY),
    (silent, EngineState.AWAY),
    (away, EngineState.AWAY),
    (nonsense, EngineState.AWAY),
    (strange_settings, EngineState.DIFFERS),
    (lost, EngineState.MISSING),
    (other_master_key, EngineState.REFUSED),
]


@pytest.mark.parametrize(("how", "state"), WRONG, ids=[how.__name__ for how, _ in WRONG])
async def test_a_search_falls_back_within_its_time(
    city: Meili,
    imitation: Imitation,
    monkeypatch: pytest.MonkeyPatch,
    how: Callable[[Imitation], None],
    state: EngineState,
) -> None:
    monkeypatch.setattr(asking, "RETRY_SECONDS", 600)
    how(imitation)
    before = fallbacks(state.value)
    assert await answer(city, ELM) is None  # of a silent one too, which would answer after that time
    assert fallbacks(state.value) == before + 1
    imitation.asked.clear()
    for _ in range(50):
        assert await answer(city, ELM) is None
    assert imitation.asked == []  # so the next did not wait at all


async def test_it_is_asked_again_after_a_rest(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "RETRY_SECONDS", 0.2)
    imitation.status = 500
    assert await trouble(city) == EngineState.AWAY
    imitation.status = 0
    assert await trouble(city) == EngineState.AWAY
    await asyncio.sleep(0.25)
    assert (await city.find(ELM)).total == 1
    assert (await city.find(ELM)).total == 1


async def test_while_it_may_be_back_only_one_waits_for_it(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "RETRY_SECONDS", 0.2)
    silent(imitation)
    assert await trouble(city) == EngineState.AWAY
    await asyncio.sleep(0.25)
    imitation.asked.clear()
    first = asyncio.create_task(trouble(city))
    await asyncio.sleep(0)
    assert [await trouble(city) for _ in range(20)] == [EngineState.AWAY] * 20
    await first
    assert len(imitation.asked) <= 1


async def test_the_event_loop_never_waits(city: Meili, imitation: Imitation) -> None:
    turned = threading.Event()
    imitation.sees = lambda method, path: wait_for(turned)
    asked = asyncio.gather(*(city.find(ELM) for _ in range(3)))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not asked.done()
    turned.set()  # only a loop that goes on comes here
    assert [found.total for found in await asked] == [1, 1, 1]


async def test_threads_are_bounded(city: Meili, imitation: Imitation) -> None:
    imitation.delay = 0.4
    before = threading.active_count()
    found = await asyncio.gather(*(city.find(ELM) for _ in range(60)), return_exceptions=True)
    ours = [one for one in threading.enumerate() if one.name.startswith("meilisearch")]
    assert len(ours) <= asking.MAX_THREADS
    assert before
    assert {type(one).__name__ for one in found} <= {"RankedHits", "EngineDown"}


async def test_an_address_where_nobody_answers_at_all(database: str) -> None:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        search = SearchConfig(url=f"http://127.0.0.1:{listening.getsockname()[1]}", seconds=0.3)
        meili = Meili(search, queue.search_key)
        assert await trouble(meili) == EngineState.AWAY
        meili.close()


async def test_a_new_master_key_makes_a_new_key_for_searching(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "RETRY_SECONDS", 0.05)
    other_master_key(imitation)
    assert await trouble(city) == EngineState.REFUSED
    renewed = Meili(SearchConfig(url=imitation.url, key="another master key"), queue.search_key)
    await follow(renewed)
    await asyncio.sleep(0.1)
    assert (await city.find(ELM)).total == 1  # the web side reads it from the database
    renewed.close()


async def test_what_lacks_changes_of_more_than_a_minute_is_not_asked(city: Meili, imitation: Imitation) -> None:
    await write_documents([make_document(1, "Changed")])
    queue.seconds_behind.clear()
    assert await answer(city, ELM) is not None
    await execute("UPDATE search_push SET at = at - interval '61 seconds'")
    queue.seconds_behind.clear()
    imitation.asked.clear()
    before = fallbacks("behind")
    assert await answer(city, ELM) is None
    assert fallbacks("behind") == before + 1
    assert imitation.asked == []
    await pushed(city)
    queue.seconds_behind.clear()
    assert await answer(city, ELM) is not None
