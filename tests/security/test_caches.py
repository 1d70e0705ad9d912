"""What browsers and caches may keep, what is closed, and how often one may ask."""

import re
from collections.abc import Callable

import pytest

from civic.app import routes
from civic.config import load_config
from civic.errors import SetupError, TooMany
from civic.rates import MAX_CALLERS, WINDOW_SECONDS, ReadCounts
from civic.web import GuardedRoute, Who
from tests.clients import ADDRESS, Client
from tests.security.requests import get_post_id, post_report, send

pytestmark = pytest.mark.usefixtures("riverside")


def guarded() -> list[GuardedRoute]:
    return [one for one in routes() if isinstance(one, GuardedRoute)]


def address(route: GuardedRoute) -> str:
    return re.sub(r"\{.*?\}", "x", re.sub(r"\{\w+:int\}", "1", route.path))


async def test_no_browser_keeps_what_is_not_for_everybody(admin: Client, client: Client) -> None:
    """Each page of the desk and of the account, found or not, to who may see it and to who may not."""
    private = [one for one in guarded() if one.about.who is not Who.ANYONE]
    assert len(private) > 20
    for route in private:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for who in (admin, client):
                answer = await who.request(method, address(route))
                assert answer.headers["cache-control"] == "no-store", (method, route.path)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_nor_a_report_as_only_its_author_sees_it(client: Client, citizen: Client, accept: str) -> None:
    path = (await post_report(client)).headers["location"]
    for who, kept in ((client, "no-store"), (citizen, "private, no-cache")):
        assert (await who.get(path, headers={"Accept": accept})).headers["cache-control"] == kept


async def test_a_receipt_is_kept_by_nobody(client: Client) -> None:
    answer = await post_report(client, accept="application/json")
    assert answer.json()["receipt"]
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_out_clears_what_the_browser_kept(citizen: Client) -> None:
    answer = await citizen.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert (await citizen.get("/account")).status_code == 303


# --- figures --------------------------------------------------------------------------------------------------------

FIGURES = [
    ({}, {}, 404),
    ({}, {"Authorization": "Bearer "}, 404),
    ({"metrics_token": "t0ken"}, {}, 404),
    ({"metrics_token": "t0ken"}, {"Authorization": "Bearer t0ke"}, 404),
    ({"metrics_token": "t0ken"}, {"Authorization": "Bearer té"}, 404),
    ({"metrics_token": "t0ken"}, {"Authorization": "Bearer t0ken"}, 200),
    ({"metrics_addresses": "10.0.0.0/8, 198.51.100.1"}, {}, 404),
    ({"metrics_addresses": "10.0.0.0/8, 203.0.113.0/24"}, {}, 200),
    ({"metrics_addresses": ADDRESS[0]}, {}, 200),
]


@pytest.mark.parametrize(("server", "headers", "status"), FIGURES)
async def test_figures_are_for_whom_a_setting_names(
    set_up: Callable[..., Client], server: dict[str, str], headers: dict[str, str], status: int
) -> None:
    environment = {f"CIVIC_SERVER__{name.upper()}": value for name, value in server.items()}
    client = set_up(server=load_config({"CIVIC_CONFIG": "", **environment}).server.model_dump())
    answer = await send(client.app, "GET", "/metrics", [("Host", "testserver"), *headers.items()])
    assert answer.status == status
    assert ("civic_requests_total" in answer.text) == (status == 200)


def test_networks_that_are_none_are_refused_at_the_start() -> None:
    with pytest.raises(SetupError, match="metrics_addresses"):
        load_config({"CIVIC_CONFIG": "", "CIVIC_SERVER__METRICS_ADDRESSES": "10.0.0.0/8, everybody"})


# --- how often ------------------------------------------------------------------------------------------------------

# Asked while one types or drags a map, or of files and whole histories: dear to answer, and nobody signs in for it.
COUNTED = {
    "/search",
    "/places",
    "/places/at",
    "/assets",
    "/map.png",
    "/map/areas",
    "/map/points",
    "/reports/{id:int}/card/{language:str}.jpg",
    "/reports/{id:int}/map.png",
    "/sitemap.xml",
    "/sitemap/{part:int}.xml",
    "/traffic/points",
    "/reports/new/categories",
    "/reports/new/assets",
    "/reports/new/similar",
    "/services",
    "/scores/cases",
    "/scores/releases/{release:str}/proof",
    "/reports/{id:int}/history.json",
}


def test_the_counted_reads_are_those_written_here() -> None:
    assert {one.path.removeprefix("/api/v1") for one in guarded() if one.about.counted} == COUNTED


async def test_reads_of_one_address_have_a_limit(set_up: Callable[..., Client]) -> None:
    client = set_up(limits={"reads_per_minute": 3})
    paths = ["/search?q=a", "/places?q=a", "/map/points?bbox=1,1,2,2&zoom=3", "/places/at?lat=1&lon=1"]
    answers = [await client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= WINDOW_SECONDS + 1
    assert (await client.get("/reports")).status_code == 200


async def test_a_person_has_a_count_of_their_own(set_up: Callable[..., Client], citizen: Client) -> None:
    client = set_up(limits={"reads_per_minute": 1})
    assert [(await client.get("/search?q=a")).status_code for _ in range(2)] == [200, 429]
    client.cookies = citizen.cookies
    assert [(await client.get("/search?q=a")).status_code for _ in range(2)] == [200, 429]


def test_counts_begin_anew_and_stay_small() -> None:
    now = [0.0]
    counts = ReadCounts(1, clock=lambda: now[0])
    counts.count("a")
    with pytest.raises(TooMany) as refused:
        counts.count("a")
    assert refused.value.seconds == WINDOW_SECONDS + 1
    now[0] = WINDOW_SECONDS
    counts.count("a")
    for n in range(MAX_CALLERS):
        counts.count(str(n))
    assert len(counts._counts) <= MAX_CALLERS


async def test_votes_have_a_limit(set_up: Callable[..., Client], citizen: Client, client: Client) -> None:
    path = (await post_report(client)).headers["location"]
    voter = set_up(limits={"posts_per_hour": 1})
    voter.cookies = citizen.cookies
    post = await get_post_id(int(path.rpartition("/")[2]))
    acts = [f"/posts/{post}/{act}" for act in ("vote", "unvote")] * 3
    assert [(await voter.post(act)).status_code for act in acts] == [303] * 4 + [429] * 2
