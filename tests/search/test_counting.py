"""Searches are counted without persons: by words that at least five different visitors used."""

from datetime import UTC, datetime, timedelta

import pytest

from civic import timing
from civic.db import fetch
from civic.search.analytics import keep_common_words, record_search

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 3, 4, 12, 20, tzinfo=UTC)


async def seek(text: str, visitors: range, results: int = 3, area_id: int | None = None) -> None:
    for n in visitors:
        await record_search(text, results, address=f"10.0.0.{n}", browser="Browser", area_id=area_id)


async def counts() -> list[tuple[str, int | None, int, int, int]]:
    rows = await fetch("SELECT word, area_id, searches, empty, results FROM search_count ORDER BY word, area_id")
    return [tuple(row.values()) for row in rows]


async def test_four_visitors_leave_nothing_and_the_fifth_all() -> None:
    with timing.at(NOON):
        await seek("Street LIGHT", range(4))
        await keep_common_words()
        assert await counts() == []
        await seek("light", range(4, 5), results=0, area_id=7)
        await keep_common_words()
    assert await counts() == [("light", 7, 1, 1, 0), ("light", None, 4, 0, 12)]


async def test_one_visitor_often_is_one() -> None:
    with timing.at(NOON):
        for _ in range(10):
            await seek("pothole", range(1))
        await keep_common_words()
    assert await counts() == []
    assert len(await fetch("SELECT 1 AS x FROM search_sighting")) == 1


async def test_a_common_word_is_counted_on_and_once() -> None:
    with timing.at(NOON):
        await seek("路灯", range(6))
        await keep_common_words()
        await keep_common_words()
    with timing.at(NOON + timedelta(hours=1)):
        await seek("路灯", range(2))
        await keep_common_words()
    rows = await fetch("SELECT searches FROM search_count ORDER BY hour")
    assert [row["searches"] for row in rows] == [6, 2]


async def test_what_was_seen_is_forgotten_with_its_salt() -> None:
    with timing.at(NOON):
        await seek("rare", range(4))
    before = await fetch("SELECT value FROM search_state")
    with timing.at(NOON + timedelta(days=8)):
        await seek("rare", range(4))
        await keep_common_words()
        seen = await fetch("SELECT DISTINCT seeker FROM search_sighting")
    assert len(seen) == 4
    assert await fetch("SELECT value FROM search_state") != before
    assert await counts() == []


async def test_what_may_be_somebodys_number_is_not_even_seen() -> None:
    with timing.at(NOON):
        await seek("13912345678 x " + "w" * 30, range(5))
    assert await fetch("SELECT word FROM search_sighting") == []


async def test_nobody_can_be_read_from_it() -> None:
    with timing.at(NOON):
        await seek("light", range(1))
    rows = await fetch("SELECT s::text AS row FROM search_sighting s")
    assert "10.0.0" not in str(rows)
    assert "Browser" not in str(rows)
