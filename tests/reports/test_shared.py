"""Public pages are made once for all who read without a cookie, and nobody gets another's."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from civic import shared_answers, timing
from civic.app import create_app
from civic.catalogue.models import Category
from civic.catalogue.queries import catalogue
from civic.city.actions import bump_version
from civic.city.queries import city, pin_version
from civic.config import Config
from civic.db import in_transaction
from civic.geo.models import Area
from civic.geo.queries import areas
from civic.posts.models import Post
from tests.builders.riverside import HOLE, JSON, send_report
from tests.clients import Client
from tests.statements import Statements, counting

pytestmark = pytest.mark.usefixtures("riverside")
PAGES = ("/", "/reports", "/reports/{id}", "/reports?sort=supported", "/api/v1/reports", "/api/v1/reports/{id}")


@pytest.fixture
async def report(citizen: Client) -> int:
    number: int = (await send_report(citizen))["id"]
    return number


@pytest.fixture
def other(config: Config, client: Client) -> Client:
    """Somebody who reads at another process."""
    return Client(create_app(config))


async def hide(dispatcher: Client) -> None:
    form = {"post": (await Post.get()).id, "reason": "personal_data"}
    assert (await dispatcher.post("/desk/moderation/hide", data=form)).status_code == 303


@pytest.mark.parametrize("page", PAGES)
async def test_what_is_hidden_is_gone_at_once_everywhere(
    client: Client, other: Client, dispatcher: Client, report: int, page: str
) -> None:
    page = page.format(id=report)
    for reader in (client, other):
        assert HOLE in (await reader.get(page)).text
        assert HOLE in (await reader.get(page)).text
    etag = (await client.get(page)).headers["etag"]
    await hide(dispatcher)
    for reader in (client, other):
        answer = await reader.get(page, headers={"If-None-Match": etag})
        assert answer.status_code in (200, 404)
        assert HOLE not in answer.text


async def test_who_reads_without_a_cookie_leaves_no_trace_and_shares(client: Client, report: int) -> None:
    first = await client.get(f"/reports/{report}")
    assert "set-cookie" not in first.headers
    assert 'name="client_key" value=""' in first.text  # no key of a form that others get too
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert {"cookie", "accept-language", "accept", "hx-request"} <= set(first.headers["vary"].lower().split(", "))
    assert (await client.get(f"/reports/{report}")).text == first.text
    again = await client.get(f"/reports/{report}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("page", ["/", "/reports", "/reports/{id}"])
async def test_nobody_gets_the_page_of_another(
    client: Client,
    citizen: Client,
    dispatcher: Client,
    stranger: Client,
    new_client: Callable[[], Client],
    report: int,
    page: str,
) -> None:
    page = page.format(id=report)
    everybody = (await client.get(page)).text
    for reader, own in ((citizen, "My account"), (dispatcher, "/desk"), (stranger, "My account")):
        mine = await reader.get(page)
        assert own in mine.text
        assert "public" not in mine.headers["cache-control"]
        assert (await client.get(page)).text == everybody
    large, chinese = new_client(), new_client()
    large.cookies.set("print", "large")
    chinese.cookies.set("lang", "zh")
    assert 'class="large"' in (await large.get(page)).text
    assert 'lang="zh-CN"' in (await chinese.get(page)).text
    assert 'lang="zh-CN"' in (await client.get(page, headers={"Accept-Language": "zh"})).text
    assert (await client.get(page)).text == everybody


async def test_pages_fragments_and_json_of_one_address_are_told_apart(client: Client, report: int) -> None:
    page = await client.get("/reports")
    fragment = await client.get("/reports", headers={"HX-Request": "true"})
    program = await client.get("/reports", headers=JSON)
    assert page.text.startswith("<!doctype html>")
    assert not fragment.text.startswith("<!doctype html>")
    assert program.json()["count"] == 1
    assert (await client.get("/reports")).text == page.text


async def test_a_stampede_makes_the_page_once(
    client: Client,
    report: int,
    count_queries: Callable[[], AbstractContextManager[Statements]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await client.get("/reports?sort=supported")  # the catalogue is read
    with count_queries() as statements:
        monkeypatch.setattr(shared_answers, "KEPT", timedelta(seconds=10))
        answers = await asyncio.gather(*(client.get("/reports") for _ in range(20)))
    assert len({answer.text for answer in answers}) == 1
    made = [text for text in statements.texts if "JOIN report r" in text and "count(*)" not in text]
    states = [text for text in statements.texts if "pg_current_snapshot" in text]
    # Once for each state: others may write meanwhile, in other databases of the server too.
    assert 1 <= len(made) <= len(states) <= 3


async def test_a_page_grows_old(client: Client, report: int) -> None:
    assert "just now" in (await client.get("/reports")).text
    with timing.at(timing.now() + timedelta(minutes=3)):
        assert "just now" not in (await client.get("/reports")).text


async def test_a_process_keeps_so_many_bytes_and_no_more(
    client: Client, report: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_answers, "MAX_BYTES", 100_000)
    kept = client.app.state.shared_answers
    for number in range(20):
        await client.get(f"/reports?q={number}")
    assert kept._bytes == sum(one.size for one in kept._kept.values()) <= 100_000
    assert kept._kept


@pytest.fixture
async def names_of_before(riverside: object) -> AsyncIterator[None]:
    """What a test renames has its name again for those after it, which share the city."""
    category, area = await Category.get(code="pothole"), await Area.get(slug="old-town")
    yield
    async with in_transaction():
        await Category.filter(id=category.id).update(names=category.names)
        await Area.filter(id=area.id).update(names=area.names)
        await bump_version()


async def rename(number: int) -> None:
    """Load another edition of the pack, as other processes see it: all at once."""
    async with in_transaction():
        await Category.filter(code="pothole").update(names={"en": f"Hole {number}"})
        await Area.filter(slug="old-town").update(names={"en": f"Town {number}"})
        await bump_version()


@pytest.mark.usefixtures("names_of_before")
async def test_a_page_of_a_reloaded_catalogue_is_not_mixed(client: Client, report: int) -> None:
    """While the catalogue changes, every page has either the names of before or those of after."""
    await rename(0)
    seen = set()

    async def read(number: int) -> None:
        await asyncio.sleep(number / 100)
        page = (await client.get(f"/reports/filters?q={number}")).text
        numbers = set(re.findall(r">(?:– )*(?:Hole|Town) (\d)<", page))
        assert len(numbers) == 1
        seen.update(numbers)

    async def reload() -> None:
        await asyncio.sleep(0.15)
        await rename(1)

    await client.get("/reports/filters")
    await asyncio.gather(reload(), *(read(number) for number in range(30)))
    await read(0)
    assert seen == {"0", "1"}


@pytest.mark.usefixtures("names_of_before")
async def test_a_page_ends_with_the_catalogue_that_it_began_with(client: Client, report: int) -> None:
    await rename(0)
    with pin_version((await city()).version):
        await catalogue(), await areas()
        await rename(1)
        assert (await catalogue()).category_by_code["pothole"].names == {"en": "Hole 0"}
        assert (await areas()).by_slug["old-town"].names == {"en": "Town 0"}
    assert (await catalogue()).category_by_code["pothole"].names == {"en": "Hole 1"}


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_that_is_made_anew_takes_few_statements(client: Client, report: int, page: str) -> None:
    page = page.format(id=report)
    await client.get(page)
    with counting() as sent:
        assert (await client.get(page)).status_code == 200
    assert 0 < len(sent) <= 6, sent.texts


async def test_a_list_of_24_stays_small(client: Client, citizen: Client) -> None:
    """It was 44 kB with the options of its filters. Without photos, whose addresses add some 330 bytes each."""
    for number in range(25):
        await send_report(citizen, text=f"A hole in the road beside house number {number}, as deep as a bucket")
    page = await client.get("/reports")
    assert len(re.findall(r'href="/reports/\d+"', page.text)) >= 24
    assert len(page.content) <= 23_000
