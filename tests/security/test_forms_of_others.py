"""Forms that other sites make a browser send: whatever their headers and their bodies, nothing is done."""

from itertools import product

import pytest

from civic.app import routes
from civic.posts.models import Post
from civic.web import GuardedRoute
from tests.builders.riverside import BELL_TOWER, HOLE
from tests.clients import SITE, Client
from tests.security.requests import parts, send
from tests.security.test_bodies import address

pytestmark = pytest.mark.usefixtures("riverside")

EVIL = "https://evil.example"
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": SITE},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Sec-Fetch-Site": "none, same-origin"},
    {"Sec-Fetch-Site": "x"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": f"{SITE}.evil.example"},
    {"Origin": f"{SITE}:8443"},
    {"Origin": SITE.replace("http", "https")},
    {"Origin": f"{EVIL} {SITE}"},
    {"Origin": "http://user@testserver"},
    {"Origin": f"{SITE}/"},
    {"Referer": f"{SITE}/account"},
    {"Referer": EVIL},
    {"X-Requested-With": "XMLHttpRequest"},
    {},
]
BODIES = {
    "application/x-www-form-urlencoded": b"text=Hello&name=Mallory&language=en",
    "multipart/form-data; boundary=x": b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\nMallory\r\n--x--\r\n",
    "text/plain": b'{"name": "Mallory"}',
    "application/json": b'{"name": "Mallory", "language": "en"}',
}


def posted() -> list[GuardedRoute]:
    return [one for one in routes() if isinstance(one, GuardedRoute) and "POST" in (one.methods or ())]


def cookie(client: Client) -> tuple[str, str]:
    return ("Cookie", "; ".join(f"{name}={value}" for name, value in client.cookies.items()))


@pytest.mark.parametrize("number", range(len(FOREIGN)))
async def test_a_form_of_another_site_does_nothing(citizen: Client, number: int) -> None:
    for path, (kind, body) in product(("/account/profile", "/sign-out"), BODIES.items()):
        headers = [("Host", "testserver"), cookie(citizen), ("Content-Type", kind), *FOREIGN[number].items()]
        assert (await send(citizen.app, "POST", path, headers, parts(body))).status == 403, (path, kind)
    page = await citizen.get("/account")
    assert page.status_code == 200
    assert "Mallory" not in page.text


async def test_no_route_takes_one(admin: Client) -> None:
    """Every address that takes a form, as who may do everything."""
    for route in posted():
        headers = [("Host", "testserver"), cookie(admin), ("Origin", EVIL)]
        assert (await send(admin.app, "POST", address(route), headers)).status == 403, route.path


async def test_a_link_changes_nothing(citizen: Client) -> None:
    """GET of an address that takes a form, and methods that it does not say."""
    for route in posted():
        if "GET" in (route.methods or ()):
            continue
        taken = {
            one
            for other in routes()
            if isinstance(other, GuardedRoute)
            for one in other.methods or ()
            if other.path == route.path
        }
        for method in {"GET", "PUT", "DELETE", "PATCH"} - taken:
            answer = await citizen.request(method, address(route), headers={"X-HTTP-Method-Override": "POST"})
            assert answer.status_code in (404, 405), (method, route.path)


async def test_signing_in_by_another_site_is_refused(client: Client) -> None:
    """Else somebody would write their report into the account of whoever made the page."""
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": EVIL}):
        answer = await client.post("/sign-in", data={"email": "a@example.org", "password": "x"}, headers=headers)
        assert answer.status_code == 403


async def test_a_program_without_cookies_needs_no_header(client: Client) -> None:
    body = "&".join(f"{name}={value}" for name, value in {"text": HOLE, "category": "pothole", **BELL_TOWER}.items())
    headers = [("Host", "testserver"), ("Content-Type", "application/x-www-form-urlencoded")]
    answer = await send(client.app, "POST", "/api/v1/reports", headers, parts(body.encode()))
    assert answer.status == 201
    assert await Post.all().count() == 1
