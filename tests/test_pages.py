"""What holds for every page, looked at in the made-up city: it answers, and does not ask more the more there is."""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pydantic import SecretStr

from civic import cache
from civic.accounts.models import Role
from civic.app import create_app, routes
from civic.config import Config, DatabaseConfig, LimitsConfig, PathsConfig
from civic.db import connect, fetch_one
from civic.web import GuardedRoute, Who
from tests.clients import Client, make_user
from tests.page_list import ELSEWHERE, EXAMPLES, NO_PAGES, PAGES
from tests.statements import Statements

pytestmark = pytest.mark.slow

MOST = 25  # statements a page may send
# What the last part of an address with a parameter is taken from.
SAMPLES = {
    "/reports/{id:int}": "SELECT post_id AS x FROM report JOIN case_event USING (case_id)"
    " GROUP BY 1 ORDER BY count(*) DESC, 1",
    "/traffic/{id:int}": "SELECT id AS x FROM traffic_update ORDER BY 1",
    "/services/{slug:str}": "SELECT slug AS x FROM service ORDER BY 1",
    "/scores/departments/{slug:str}": "SELECT slug AS x FROM department ORDER BY 1",
    "/desk/cases/{id:int}": "SELECT case_id AS x FROM case_event GROUP BY 1 ORDER BY count(*) DESC, 1",
}
# What these want to be asked.
QUESTIONS = {
    "/map/points": "?bbox=112,38,113,39&zoom=12",
    "/traffic/points": "?bbox=112,38,113,39&zoom=12",
    "/places": "?q=Riverside",
    "/places/at": "?lat=38.4&lon=112.7",
    "/reports/new/categories": "?text=A+lamp+is+dark",
    "/reports/new/questions": "?category=pothole",
    "/reports/new/similar": "?category=pothole&text=A+lamp+and+an+identity+card&lat=31.17&lon=117.99",
    "/scores/cases": "?department=roads&figure=response",
    "/scores/draft": "?department=roads",
    "/search": "?q=lamp+pothole&area=old-town&status=solved&since=year&near=31.19,118.008,20000",
    "/desk/search": "?q=lamp+pothole&since=year",
}


# What the made-up city answers 404 for: it has no numbered things, and no address of the site is configured.
NOT_THERE = {"/assets", "/sitemap.xml"}


def addresses() -> list[str]:
    """Every address that shows something and needs no more than itself, or an id that SAMPLES finds."""
    found = [r.path for r in routes() if isinstance(r, GuardedRoute) and "GET" in (r.methods or ())]
    shown = [path for path in found if path.removeprefix("/api/v1") not in NOT_THERE]
    return sorted({path for path in shown if "{" not in path or path.removeprefix("/api/v1") in SAMPLES})


@pytest.fixture(scope="module")
def riverside(make_city: Callable[[str], tuple[Path, str]]) -> tuple[Path, str]:
    return make_city("pages")


@pytest.fixture
async def city(riverside: tuple[Path, str]) -> AsyncIterator[Callable[[int], Config]]:
    """Connected to the made-up city; gives its configuration with pages of so many entries."""
    var, url = riverside
    cache.clear_caches()
    async with connect(url, 5):
        yield lambda page: Config(
            paths=PathsConfig(var=var), database=DatabaseConfig(url=SecretStr(url)), limits=LimitsConfig(page=page)
        )
    cache.clear_caches()


NUMBERS = itertools.count(1)


async def client_for(config: Config, who: Who) -> Client:
    """Somebody who may see everything that `who` may."""
    client = Client(create_app(config))
    if who is not Who.ANYONE:
        await client.sign_in(await make_user(f"pages-{next(NUMBERS)}@example.org", Role.ADMIN))
    return client


async def filled(path: str) -> str:
    bare = path.removeprefix("/api/v1")
    if "{" not in path:
        return path + QUESTIONS.get(bare, "")
    row = await fetch_one(SAMPLES[bare] + " LIMIT 1")
    assert row, f"the made-up city has nothing for {path}"
    return re.sub(r"\{.*?\}", str(row["x"]), path)


@pytest.mark.parametrize("path", addresses())
async def test_a_page_answers_and_its_questions_do_not_grow_with_its_rows(
    path: str,
    city: Callable[[int], Config],
    count_queries: Callable[[], AbstractContextManager[Statements]],
) -> None:
    who = next(
        r.about.who for r in routes() if isinstance(r, GuardedRoute) and r.path == path and "GET" in (r.methods or ())
    )
    asked = []
    for size in (5, 24):
        client = await client_for(city(size), who)
        address = await filled(path)
        await client.get(address)  # what is kept for some seconds is read once
        with count_queries() as statements:
            answer = await client.get(address)
        await client.aclose()
        assert answer.status_code < 400, f"{address}: {answer.status_code}\n{answer.text[:500]}"
        if path in NO_PAGES:
            assert "<html" not in answer.text, f"{address} is a page: it belongs into PAGES of tests/page_list.py"
        asked.append(statements.texts)
    assert len(asked[0]) <= MOST, "\n".join(asked[0])
    assert len(asked[1]) == len(asked[0]), "\n".join(asked[1])


def test_every_page_is_looked_at_in_a_browser() -> None:
    """A new page is written into tests/page_list.py, or said there to be none."""
    shown = [r for r in routes() if isinstance(r, GuardedRoute) and "GET" in (r.methods or ())]
    shown = [r for r in shown if not r.path.startswith("/api/")]
    listed = {path.format(**EXAMPLES).partition("?")[0] for paths in PAGES.values() for path in paths}
    looked_at = {next(r.path for r in shown if r.path_regex.fullmatch(path)) for path in listed} | ELSEWHERE
    assert not looked_at & NO_PAGES
    assert {r.path for r in shown} == looked_at | NO_PAGES
