"""Readers and programs are told while the index lacks what an import brought, and not in everyday operation."""

import pytest

from civic import cache
from civic.accounts.people import Person
from civic.db import execute
from civic.search.feed import MAX_TRIES
from civic.search.lag import count_waiting_changes
from tests.builders.posts import ana, make_report
from tests.builders.riverside import database_dsn, empty, riverside
from tests.clients import Client
from tests.indexed import indexed

__all__ = ["ana", "database_dsn", "empty", "riverside"]

MARKS = "INSERT INTO search_dirty (root, item_id) SELECT 'post', 1000000 + n FROM generate_series(1, $1) AS n"
WAITED = "UPDATE search_dirty SET at = now() - interval '1 minute'"
WORDS = {"en": "The search is catching up: about 12 changes are on their way", "zh": "约有 12 项变动还未纳入"}


async def wait(count: int) -> None:
    """Let so many changes wait for a minute."""
    await execute(MARKS, count)
    await execute(WAITED)
    cache.clear_caches()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", ["/search?q=cratered", "/reports?q=cratered", "/map?q=cratered"])
async def test_pages_say_so_while_it_catches_up(client: Client, ana: Person, path: str, language: str) -> None:
    await make_report(ana, "A cratered road", routed=False)
    await indexed()
    client.headers["Accept-Language"] = language
    assert WORDS[language] not in (await client.get(path)).text
    await wait(12)
    assert WORDS[language] in (await client.get(path)).text
    assert WORDS[language] not in (await client.get(path.partition("?")[0])).text  # nothing was searched for


@pytest.mark.parametrize("path", ["/search?q=cratered", "/reports?q=cratered"])
async def test_programs_are_told_too(client: Client, ana: Person, path: str) -> None:
    await indexed()
    client.headers["Accept"] = "application/json"
    assert (await client.get(path)).json()["catching_up"] == 0
    await wait(12)
    assert (await client.get(path)).json()["catching_up"] == 12


async def test_many_are_estimated(ana: Person) -> None:
    await indexed()
    await wait(23_456)
    assert await count_waiting_changes() == 23_000


async def test_a_change_of_this_moment_and_one_that_was_given_up_are_no_news(ana: Person) -> None:
    await indexed()
    await execute(MARKS, 5)
    cache.clear_caches()
    assert await count_waiting_changes() == 0
    await wait(5)
    await execute("UPDATE search_dirty SET tries = $1", MAX_TRIES)
    cache.clear_caches()
    assert await count_waiting_changes() == 0
