"""A kind of post that no file of Civic knows is posted, found, flagged, hidden, rebuilt and checked like the others."""

from collections.abc import AsyncIterator

import pytest

from civic.composition import SEARCH_SUBJECTS
from civic.db import execute, fetch
from civic.search.postgres.engine import PostgresEngine
from civic.search.rebuild import rebuild
from civic.search.subjects import register
from civic.search.triggers import install_triggers
from civic.search.verify import check
from tests.builders.riverside import JSON, database_dsn, empty, riverside
from tests.clients import Client
from tests.indexed import indexed
from tests.search.lost_property.actions import TABLE
from tests.search.lost_property.documents import SUBJECT
from tests.search.lost_property.views import routes

__all__ = ["database_dsn", "empty", "riverside"]

UMBRELLA = {"text": "Umbrella with a duck's head", "colour": "turquoise"}


@pytest.fixture
async def lost_property(riverside: None, client: Client) -> AsyncIterator[None]:
    """The program has one more kind of post, as if its line stood in the composition and its table in a migration."""
    await execute(TABLE)
    register((*SEARCH_SUBJECTS, SUBJECT))
    await install_triggers()
    client.app.router.routes[:0] = routes
    yield
    register(SEARCH_SUBJECTS)
    await install_triggers()
    await execute("DROP TABLE lost_property")


async def found(client: Client, **asked: str) -> list[str]:
    await indexed()
    return [one["url"] for one in (await client.get("/search", params=asked, headers=JSON)).json()["results"]]


async def post(client: Client) -> tuple[str, int]:
    """Post an umbrella; the address of its page, and the id of the post."""
    answer = await client.post("/lost", data=UMBRELLA)
    assert answer.status_code == 303
    path = answer.headers["location"]
    [row] = await fetch("SELECT id FROM post WHERE path = $1", path)
    return path, row["id"]


@pytest.mark.usefixtures("lost_property")
async def test_it_is_found_flagged_and_hidden(client: Client, citizen: Client, dispatcher: Client) -> None:
    path, post_id = await post(client)
    assert await found(client, q="umbrella") == [path]
    assert await found(client, q="turquoise", kind="lost_property", status="wanted") == [path]
    assert await found(client, q="umbrella", status="returned") == []
    page = (await client.get("/search?q=umbrella")).text
    assert "Owner wanted" in page
    await execute("UPDATE lost_property SET returned = true")
    assert await found(client, q="umbrella", status="returned") == [path]
    assert (await citizen.post(f"/posts/{post_id}/comments", data={"text": "It is Quentin's"})).status_code < 400
    assert await found(client, q="quentin") == [path]
    assert (await citizen.post(f"/posts/{post_id}/flag", data={"reason": "spam"})).status_code < 400
    [flagged] = (await dispatcher.get("/api/v1/desk/moderation")).json()["flagged"]
    assert flagged["url"] == path
    hidden = await dispatcher.post("/desk/moderation/hide", data={"post": str(post_id), "reason": "spam"})
    assert hidden.status_code == 303
    assert await found(client, q="umbrella") == []
    assert (await client.get(path)).status_code == 404


@pytest.mark.usefixtures("lost_property")
async def test_it_is_rebuilt_and_checked(client: Client) -> None:
    path, post_id = await post(client)
    await indexed()
    await execute("TRUNCATE search_document")
    assert (await check(PostgresEngine())).missing.count(("lost_property", post_id)) == 1
    await rebuild(PostgresEngine())
    assert (await check(PostgresEngine())).keys() == []
    assert await found(client, q="umbrella") == [path]


@pytest.mark.usefixtures("lost_property")
async def test_a_program_that_does_not_know_it_drops_it(client: Client) -> None:
    """Another version of the program may have had it."""
    await post(client)
    await indexed()
    register(SEARCH_SUBJECTS)
    differences = await check(PostgresEngine())
    assert [kind for kind, _ in differences.extra] == ["lost_property"]
    await rebuild(PostgresEngine())
    assert (await check(PostgresEngine())).keys() == []
