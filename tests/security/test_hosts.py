"""Which hosts are answered, where answers lead, and what makes them safe over HTTPS."""

from collections.abc import Callable

import pytest

from civic.accounts.models import Role
from civic.accounts.passwords import hash_password
from civic.config import Config, load_config
from civic.errors import SetupError
from civic.posts import receipts
from tests.clients import Client, make_user
from tests.security.requests import post_report, send

pytestmark = pytest.mark.usefixtures("riverside")

CITY = "https://city.example"
PAGES = ("/", "/reports", "/map", "/search?q=hole", "/sign-in", "/nowhere", "/static/css/base.css", "/api/v1/city")
OWN = ["city.example", "CITY.example", "city.example:443", "localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:80"]
FOREIGN = [
    "evil.example",
    "city.example.evil.example",
    "evil.example:443",
    "city.example:8443",
    "city.example.",
    "city.example@evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
    "",
    "[::1",
    "a/b",
    "localhost@evil.example:x",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_other_hosts_are_refused_where_the_sites_is_known(
    set_up: Callable[..., Client], host: str, scheme: str
) -> None:
    app = set_up(site={"url": CITY}).app
    for path in PAGES:
        answer = await send(app, "GET", path, [("Host", host), ("Accept-Language", "zh")], scheme=scheme)
        assert answer.status == 421, (host, path)
        assert "evil" not in answer.text + str(answer.headers)
    assert "本网站不使用这个网址" in (await send(app, "GET", "/", [("Host", host), ("Accept-Language", "zh")])).text


@pytest.mark.parametrize("host", OWN)
async def test_the_sites_host_and_this_machines_are_answered(set_up: Callable[..., Client], host: str) -> None:
    app = set_up(site={"url": CITY}).app
    for path in PAGES:
        assert (await send(app, "GET", path, [("Host", host)], scheme="https")).status in (200, 404), path


async def test_none_and_two_hosts_are_refused(set_up: Callable[..., Client]) -> None:
    app = set_up(site={"url": CITY}).app
    assert (await send(app, "GET", "/", [])).status == 421
    assert (await send(app, "GET", "/", [("Host", "city.example"), ("Host", "city.example")])).status == 421


async def test_health_is_told_to_any_name(set_up: Callable[..., Client]) -> None:
    """A balancer asks by the machine's address."""
    app = set_up(site={"url": CITY}).app
    for path in ("/healthz", "/readyz"):
        assert (await send(app, "GET", path, [("Host", "10.0.0.7:8000")])).status == 200


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/reports/", "/reports"),
        ("/reports/?q=a&b=%2F", "/reports?q=a&b=%2F"),
        ("/search/", "/search"),
        ("/static/", "/static"),
        ("//evil.example/", "/evil.example"),
        ("/\\evil.example/", "/evil.example"),
        ("///evil.example//", "/evil.example"),
        ("/a?b/", "/a%3Fb"),
        ("/\r\nSet-Cookie: a=b/", "/%0D%0ASet-Cookie%3A%20a%3Db"),
        ("//", "/"),
    ],
)
async def test_a_redirect_names_no_host(client: Client, path: str, leads: str) -> None:
    if path.startswith("/a?b"):
        answer = await client.get("/a%3Fb/", headers={"Host": "evil.example"})
        location = answer.headers["location"]
    else:
        heard = await send(client.app, "GET", path, [("Host", "evil.example")])
        location = heard.headers["location"]
    assert location == leads


async def test_a_shared_links_picture_is_at_the_sites_address(set_up: Callable[..., Client], config: Config) -> None:
    sender = set_up(site={"url": ""})
    path = (await post_report(sender, photo=True)).headers["location"]
    for url, host in ((CITY, "city.example"), ("", "evil.example")):
        heard = await send(set_up(site={"url": url}).app, "GET", path, [("Host", host)])
        assert heard.status == 200
        assert ('property="og:image" content="https://city.example/reports/' in heard.text) == bool(url)
        assert "evil.example" not in heard.text


# --- HTTPS ----------------------------------------------------------------------------------------------------------

SITES = [
    ("https://testserver", "", True),  # the request came so, by a trusted proxy
    ("http://city.example", CITY, True),  # the proxy does not say so, but the site's address does
    ("http://testserver", "", False),
]


@pytest.mark.parametrize(("base", "url", "secure"), SITES)
async def test_cookies_are_bound_to_the_host_over_https(
    set_up: Callable[..., Client], base: str, url: str, secure: bool
) -> None:
    client = set_up(site={"url": url}, base=base)
    user = await make_user("ana@example.org", Role.CITIZEN)
    user.password_hash = await hash_password("a long password 1")
    await user.save()
    answers = [
        await client.post("/sign-in", data={"email": "ana@example.org", "password": "a long password 1"}),
        await client.get("/sign-in?lang=zh"),
        await client.get("/print?size=large"),
        await client.post("/account/profile", data={"name": "Ana", "language": "en"}),
        await post_report(client),
        await client.post("/sign-out"),
    ]
    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    assert {line.partition("=")[0].removeprefix("__Host-") for line in lines} >= {"session", "lang", "print"}
    for line in lines:
        attributes = {word.strip().lower() for word in line.split(";")[1:]}
        assert {"path=/", "samesite=lax"} <= attributes
        assert not any(word.startswith("domain") for word in attributes)
        assert line.startswith("__Host-") == ("secure" in attributes) == secure, line
    for answer in answers:
        assert ("strict-transport-security" in answer.headers) == secure


async def test_a_cookie_that_a_sibling_host_planted_is_not_read(set_up: Callable[..., Client]) -> None:
    plain = set_up()
    await plain.sign_in(await make_user("ana@example.org"))
    token = plain.cookies["session"]
    code = receipts.new_code()
    https = set_up(site={"url": CITY}, base=CITY)
    for name, value in (("session", token), ("lang", "zh"), ("print", "large"), (receipts.COOKIE, code)):
        https.cookies.set(name, value)
    page = await https.get("/account")
    assert page.headers["location"].startswith("/sign-in")
    shown = (await https.get("/sign-in", headers={"Accept-Language": "en"})).text
    assert '<html lang="en"' in shown
    https.cookies.set("__Host-session", token)
    assert (await https.get("/account")).status_code == 200


ORIGINS = [
    (CITY, "https", True),
    (CITY, "http", True),  # the proxy did not say that it is https
    ("http://city.example", "https", False),
    ("http://city.example", "http", False),
    ("https://city.example:8443", "https", False),
    ("https://city.example.evil.example", "https", False),
    ("null", "https", False),
    ("", "https", False),
]


@pytest.mark.parametrize(("origin", "scheme", "accepted"), ORIGINS)
async def test_the_origin_of_a_form_has_the_sites_scheme(
    set_up: Callable[..., Client], origin: str, scheme: str, accepted: bool
) -> None:
    client = set_up(site={"url": CITY})
    headers = [("Host", "city.example"), ("Cookie", "a=b"), ("Origin", origin)]
    answer = await send(client.app, "POST", "/sign-out", headers, scheme=scheme)
    assert answer.status == (303 if accepted else 403)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_without_an_address_the_scheme_is_the_requests(client: Client, scheme: str) -> None:
    for origin in ("http://testserver", "https://testserver"):
        headers = [("Host", "testserver"), ("Origin", origin)]
        answer = await send(client.app, "POST", "/sign-out", headers, scheme=scheme)
        assert answer.status == (303 if origin.startswith(f"{scheme}:") else 403)


@pytest.mark.parametrize(
    "url", ["city.example", "ftp://city.example", "https://city.example/path", "https://a@b", "https://"]
)
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SetupError, match=r"site\.url"):
        load_config({"CIVIC_CONFIG": "", "CIVIC_SITE__URL": url})
