"""Numbers, distances and pages against what counting one by one gives, for a small index and as of a large one."""

import math
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from civic import cache, timing
from civic.search.documents import Document, Query, SortOrder
from civic.search.postgres import search as postgres_search
from civic.search.postgres.search import TIME_SPANS
from civic.search.postgres.vocabulary import count_words
from tests.builders.documents import put_documents

pytestmark = pytest.mark.usefixtures("database", "noon")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("lamp", "bench", "fence", "灯", "sewer")
STATUSES = ("received", "assigned", "resolved")
AREAS = ((3, 1), (4, 1), (5, 2))
EARTH = 6_371_008.8  # metres
COARSE = 1.5  # metres to which an index knows where things are


@pytest.fixture
async def noon() -> AsyncIterator[None]:
    with timing.at(NOW):
        yield


def made(count: int, chance: random.Random, **values: Any) -> list[Document]:
    """Documents in which nothing has to do with anything else."""
    return [
        Document(
            kind=chance.choice(("report", "traffic", "rating")),
            item_id=number,
            url=f"/{number}",
            title=" ".join(chance.sample(WORDS, 2)),
            category_id=chance.choice((None, 1, 2, 3)),
            department_id=chance.choice((None, 7, 8)),
            area_ids=chance.choice(((), *AREAS)),
            status=chance.choice(("", *STATUSES)),
            at=NOW - timedelta(days=chance.choice((0.5, 3, 8, 20, 45, 200, 500)) * chance.random() * 2),
            support=chance.randrange(4),
            **{name: value() for name, value in values.items()},
        )
        for number in range(1, count + 1)
    ]


async def put(documents: Sequence[Document]) -> None:
    await put_documents(documents)
    await count_words()
    cache.clear_caches()


def asked(chance: random.Random) -> Query:
    """Some words, some filters."""

    def perhaps(*values: Any) -> Any:
        return chance.choice((None, None, *values))

    return Query(
        text=chance.choice(("", *WORDS)),
        kind=perhaps("report", "traffic") or "",
        category_ids=perhaps((1,), (1, 3)) or (),
        area_id=perhaps(1, 3, 5),
        department_id=perhaps(7),
        statuses=perhaps(("received",), ("received", "resolved")) or (),
        since=perhaps(NOW - timedelta(days=7), NOW - timedelta(days=30), NOW - timedelta(days=400)),
        sort=chance.choice(list(SortOrder)),
        size=chance.choice((1, 20, 300)),
    )


def fits(query: Query, one: Document) -> bool:
    return (
        query.text in one.title
        and (query.kind in ("", one.kind))
        and (not query.category_ids or one.category_id in query.category_ids)
        and (query.area_id is None or query.area_id in one.area_ids)
        and (query.department_id in (None, one.department_id))
        and (not query.statuses or one.status in query.statuses)
        and (query.since is None or one.at >= query.since)
    )


# Each facet with the filter that it leaves open.
OPENED: dict[str, dict[str, Any]] = {
    "kind": {"kind": ""},
    "category": {"category_ids": ()},
    "area": {"area_id": None},
    "department": {"department_id": None},
    "status": {"statuses": ()},
    "time": {"since": None},
}
VALUES: dict[str, Callable[[Document], list[Any]]] = {
    "kind": lambda one: [one.kind],
    "category": lambda one: [one.category_id] if one.category_id else [],
    "area": lambda one: list(one.area_ids),
    "department": lambda one: [one.department_id] if one.department_id else [],
    "status": lambda one: [one.status] if one.status else [],
    "time": lambda one: [name for name, age in TIME_SPANS.items() if one.at >= NOW - age],
}


def counted(query: Query, documents: Sequence[Document], facet: str) -> dict[str, int]:
    of = replace(query, **OPENED[facet])
    counts = Counter(str(value) for one in documents if fits(of, one) for value in VALUES[facet](one))
    return {**dict.fromkeys(TIME_SPANS if facet == "time" else (), 0), **counts}


@pytest.mark.parametrize("seed", range(4))
async def test_every_number_is_right(seed: int) -> None:
    chance = random.Random(seed)
    documents = made(150, chance)
    await put(documents)
    for _ in range(25):
        query = asked(chance)
        right = [one.item_id for one in documents if fits(query, one)]
        found = await postgres_search.find(query)
        assert (found.total, found.exact) == (len(right), True), query
        assert {hit.document.item_id for hit in found.hits} <= set(right), query
        assert len(found.hits) == min(query.size, len(right)), query
        if right:  # where nothing is found there is nothing to count
            for facet in OPENED:
                with_zeros = counted(query, documents, facet)
                assert found.facets[facet] == with_zeros, (query, facet)


async def test_without_facets_nothing_is_counted_but_all() -> None:
    await put(made(50, random.Random(1)))
    found = await postgres_search.find(Query(facets=False))
    assert found.total == 50
    assert not any(found.facets.values())


async def test_what_nobody_fits_has_its_facet_still() -> None:
    """A filter that finds nothing says what would be found without it."""
    documents = made(60, random.Random(2))
    await put(documents)
    query = Query(text="lamp", category_ids=(99,))
    found = await postgres_search.find(query)
    assert found.total == 0
    assert found.facets["category"] == counted(query, documents, "category")


# --- near -------------------------------------------------------------------------------------------------------------


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres on the mean sphere."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    inner = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, inner)))


def around(chance: random.Random, lat: float, lon: float, spread: float) -> Callable[[], tuple[float, float]]:
    def one() -> tuple[float, float]:
        north = max(-90.0, min(90.0, lat + chance.uniform(-spread, spread)))
        east = lon + chance.uniform(-spread, spread) / max(0.02, math.cos(math.radians(lat)))
        return north, (east + 180) % 360 - 180

    return one


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(31.19, 118.0), (0.0, 0.0), (47.5, 19.05), (-36.85, 174.76), (-16.5, 179.99), (65.0, -179.999), (78.2, 15.6),
     (89.97, 30.0), (-90.0, 0.0)],
)  # fmt: skip
async def test_near(lat: float, lon: float) -> None:
    chance = random.Random(int(lat * 7))
    documents = []
    for one in made(220, chance):
        at = around(chance, lat, lon, chance.choice((0.004, 0.05, 0.7)))()
        documents.append(replace(one, lat=at[0], lon=at[1]))
    documents[0] = replace(documents[0], lat=None, lon=None)
    await put(documents)
    for metres in (0, 50, 300, 1000, 2500, 10_000, 40_000, 120_000):
        answer = await postgres_search.find(Query(near=(lat, lon, metres), size=300))
        far = {one.item_id: apart((lat, lon), (one.lat, one.lon)) for one in documents if one.lat and one.lon}
        assert {one for one in far if far[one] <= metres - COARSE} <= {hit.document.item_id for hit in answer.hits}
        assert {one for one in far if far[one] <= metres + COARSE} >= {hit.document.item_id for hit in answer.hits}
        assert answer.total == len(answer.hits)
        for hit in answer.hits:
            assert hit.metres is not None
            assert hit.document.lat is not None
            assert hit.document.lon is not None
            assert abs(hit.metres - apart((lat, lon), (hit.document.lat, hit.document.lon))) < COARSE


async def test_on_the_edge_of_the_circle() -> None:
    """As far as asked is in; some steps more is not."""
    chance, lat, lon = random.Random(5), 47.4979, 19.0402
    places = [around(chance, lat, lon, 0.02)() for _ in range(40)]
    await put([replace(one, lat=at[0], lon=at[1]) for one, at in zip(made(40, chance), places, strict=True)])
    for number, at in enumerate(places, start=1):
        far = apart((lat, lon), at)
        inside = await postgres_search.find(Query(near=(lat, lon, math.ceil(far + COARSE)), size=100, facets=False))
        outside = await postgres_search.find(Query(near=(lat, lon, math.floor(far - COARSE)), size=100, facets=False))
        assert number in {hit.document.item_id for hit in inside.hits}
        assert number not in {hit.document.item_id for hit in outside.hits}


async def test_near_and_words_and_filters() -> None:
    lamp = replace(made(1, random.Random(1))[0], title="lamp", kind="report", lat=10.0, lon=20.0)
    far = replace(lamp, item_id=2, lat=10.1)
    other = replace(lamp, item_id=3, title="bench")
    await put([lamp, far, other])
    found = await postgres_search.find(Query(text="lamp", near=(10.001, 20.001, 500), kind="report"))
    assert [hit.document.item_id for hit in found.hits] == [1]
    assert found.facets["kind"] == {"report": 1}


# --- as of a large city -----------------------------------------------------------------------------------------------

MANY = 3000


@pytest.fixture
async def large(noon: None, monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """What thousands match counts as too many to look at; the samples are as of millions."""
    monkeypatch.setattr(postgres_search, "MAX_EXACT_HITS", 150)
    monkeypatch.setattr(postgres_search, "SAMPLE_RATES", (16, 64))
    monkeypatch.setattr(postgres_search, "RANKED_HITS", 60)
    chance = random.Random(9)
    documents = made(MANY, chance)
    rare = [replace(one, item_id=MANY + n, title="zebra lamp") for n, one in enumerate(documents[:30], start=1)]
    await put([*documents, *rare])
    return [*documents, *rare]


async def test_many_are_estimated(large: list[Document]) -> None:
    for text in ("", "lamp", "灯"):
        right = sum(text in one.title for one in large)
        found = await postgres_search.find(Query(text=text))
        assert not found.exact
        assert right / 2 < found.total < right * 2
        for facet in OPENED:
            numbers = counted(Query(text=text), large, facet)
            assert set(found.facets[facet]) <= set(numbers)
            assert sum(numbers.values()) / 2 < sum(found.facets[facet].values()) < sum(numbers.values()) * 2
        assert len(found.hits) == 20
        assert all(text in hit.document.title for hit in found.hits)


async def test_few_of_many_are_counted(large: list[Document]) -> None:
    found = await postgres_search.find(Query(text="zebra"))
    assert (found.total, found.exact) == (30, True)
    found = await postgres_search.find(Query(text="zebra lamp"))
    assert (found.total, found.exact) == (30, True)
    assert found.facets["kind"] == counted(Query(text="zebra"), large, "kind")


@pytest.mark.parametrize("sort", [SortOrder.NEW, SortOrder.SUPPORTED])
async def test_the_order_of_many_is_exact(large: list[Document], sort: SortOrder) -> None:
    def key(one: Document) -> Any:
        return (one.at if sort == SortOrder.NEW else one.support,)

    for text in ("", "lamp"):
        right = sorted((one for one in large if text in one.title), key=key, reverse=True)
        found = await postgres_search.find(Query(text=text, sort=sort, size=50, page=2))
        assert [key(hit.document) for hit in found.hits] == [key(one) for one in right[50:100]]


async def test_filters_hold_for_many(large: list[Document]) -> None:
    chance = random.Random(3)
    for _ in range(40):
        query = replace(asked(chance), size=40)
        right = [one.item_id for one in large if fits(query, one)]
        found = await postgres_search.find(query)
        assert {hit.document.item_id for hit in found.hits} <= set(right), query
        assert len(found.hits) == min(40, len(right)), query
        if found.exact:
            assert found.total == len(right), query


@pytest.mark.parametrize("sort", SortOrder)
@pytest.mark.parametrize("size", [7, 20])
async def test_paging_many_neither_repeats_nor_loses(large: list[Document], sort: SortOrder, size: int) -> None:
    found: list[int] = []
    for page in range(1, 30):
        hits = (await postgres_search.find(Query(text="lamp", sort=sort, size=size, page=page, facets=False))).hits
        assert len(hits) == size
        found += [hit.document.item_id for hit in hits]
    assert len(found) == len(set(found))


async def test_near_many(large: list[Document]) -> None:
    """A circle that holds too many to look at."""
    chance = random.Random(4)
    place = around(chance, 47.5, 19.0, 0.05)
    moved = [replace(one, lat=at[0], lon=at[1]) for one in large if (at := place())]
    await put(moved)
    found = await postgres_search.find(Query(near=(47.5, 19.0, 4000), size=100))
    right = {o.item_id for o in moved if o.lat and o.lon and apart((47.5, 19.0), (o.lat, o.lon)) <= 4000}
    assert {hit.document.item_id for hit in found.hits} <= right
    assert len(found.hits) == 100
    assert len(right) / 2 < found.total < len(right) * 2


async def test_a_sentence_among_many(large: list[Document]) -> None:
    found = await postgres_search.find(Query(text="is there a zebra near the lamp", partial=True))
    assert found.total >= 30
    assert all("zebra" in hit.document.title for hit in found.hits[:5])
