"""A small city's documents, and what is found among them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from civic import cache, timing
from civic.search.documents import Document, Query, SearchResult
from civic.search.phrases import Synonyms
from civic.search.postgres import rows
from civic.search.postgres import search as postgres_search
from civic.search.postgres.vocabulary import count_words
from tests.builders.documents import put_documents

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


def report(item_id: int, title: str, text: str = "", *, days: float = 0, **values: object) -> Document:
    """A report of so many days ago."""
    given = {"kind": "report", "url": f"/reports/{item_id}", "status": "received", "at": NOW - timedelta(days=days)}
    return Document(**given | {"item_id": item_id, "title": title, "text": text} | values)  # type: ignore[arg-type]


async def put(*documents: Document, tables: rows.DocumentTables = rows.PUBLIC) -> None:
    """Into the index; its words are counted."""
    await put_documents(documents, tables)
    await count_words()
    cache.clear_caches()


async def search(text: str = "", **values: object) -> SearchResult:
    return await postgres_search.find(Query(text=text, **values), synonyms=SYNONYMS)  # type: ignore[arg-type]


async def found(text: str = "", **values: object) -> list[int]:
    """What is found, in its order."""
    return [hit.document.item_id for hit in (await search(text, **values)).hits]


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
