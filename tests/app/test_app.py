"""What holds for every request."""

import httpx2
import pytest

from civic.app import create_app
from civic.config import Config, MapConfig, ServerConfig
from civic.web import Who, route
from tests.clients import SITE, Client

pytestmark = pytest.mark.usefixtures("database")


async def test_it_is_alive(client: Client) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_without_a_pack_it_is_not_ready(client: Client) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    said = answer.json()
    assert (said["database"], said["migrations"]) == ("ok", "ok")
    assert "civic load" in said["pack"]


async def test_without_a_pack_nothing_is_posted(client: Client) -> None:
    answer = await client.post("/reports", data={"text": "A deep hole", "lat": "1", "lon": "1"})
    assert answer.status_code == 503
    assert "load a pack" in answer.text


@pytest.mark.parametrize(("language", "words"), [("en", "This page does not exist"), ("zh", "这个页面不存在")])
async def test_an_unknown_page_in_both_languages(client: Client, language: str, words: str) -> None:
    answer = await client.get("/nowhere", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert words in answer.text
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text


async def test_an_unknown_address_of_the_api(client: Client) -> None:
    answer = await client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"] == "NotFound"


async def test_a_fragment_for_htmx(client: Client) -> None:
    answer = await client.get("/nowhere", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/places?q=a%00b", 400),
        ("/scores/releases/%00/assignments.csv", 404),
        ("/scores/releases/%00/proof?case=1", 404),
        ("/services/%00", 404),
    ],
)
async def test_an_address_that_nothing_can_have(client: Client, path: str, status: int) -> None:
    assert (await client.get(path)).status_code == status


@pytest.mark.parametrize(("lat", "lon"), [("inf", "1"), ("nan", "nan"), ("1e308", "-1e308"), ("90.1", "0"), ("x", "1")])
async def test_a_position_that_is_none(client: Client, lat: str, lon: str) -> None:
    assert (await client.get(f"/places/at?lat={lat}&lon={lon}")).status_code == 400
    assert (await client.get("/places/at?lat=90&lon=-180")).status_code == 200


async def test_a_wrong_method(client: Client) -> None:
    assert (await client.post("/healthz")).status_code == 405


async def test_headers_that_protect_the_reader(client: Client) -> None:
    for path in ("/sign-in", "/nowhere", "/static/css/base.css", "/static/none.css", "/healthz"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "geolocation=(self)" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


async def test_the_map_server_may_give_pictures(config: Config) -> None:
    app = create_app(config.model_copy(update={"map": MapConfig(tiles="https://{s}.tiles.example/{z}/{x}/{y}.png")}))
    async with Client(app) as client:
        policy = (await client.get("/healthz")).headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://*.tiles.example;" in policy


async def test_a_request_has_an_id(client: Client) -> None:
    given = await client.get("/healthz", headers={"X-Request-ID": "abcdef-123456"})
    assert given.headers["x-request-id"] == "abcdef-123456"
    for odd in ("short", "x" * 65, "with blank 1234"):
        made = (await client.get("/healthz", headers={"X-Request-ID": odd})).headers["x-request-id"]
        assert made != odd
        assert len(made) == 16


# --- forms of other sites -------------------------------------------------------------------------------------------


def bare(app_client: Client) -> httpx2.AsyncClient:
    """The same program, by a client that sends no header by itself."""
    return httpx2.AsyncClient(transport=app_client._transport, base_url=SITE)


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": SITE}, False),
        ({"Origin": SITE}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": f"{SITE}.evil.example"}, False),
        ({}, True),
        ({"Cookie": "session=x"}, False),
        ({"Cookie": "session=x", "Origin": SITE}, True),
    ],
)
async def test_forms_of_other_sites(client: Client, headers: dict[str, str], accepted: bool) -> None:
    answer = await bare(client).post("/print", data={"size": "large"}, headers=headers)
    assert answer.status_code == (303 if accepted else 403)


async def test_reading_is_open_to_other_sites_links(client: Client) -> None:
    answer = await client.get("/sign-in", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://else.example"})
    assert answer.status_code == 200


async def test_a_cross_site_form_is_refused_in_the_readers_language(client: Client) -> None:
    answer = await client.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site", "Accept-Language": "zh"})
    assert answer.status_code == 403
    assert "另一个网站" in answer.text


# --- failures -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def failing(config: Config) -> httpx2.AsyncClient:
    async def broken(request: object) -> object:
        raise RuntimeError("secret detail about a@example.org")

    app = create_app(config)
    app.router.routes.insert(0, route("/broken", broken, who=Who.ANYONE))  # type: ignore[arg-type]
    app.router.routes.insert(0, route("/staff", broken, who=Who.STAFF))  # type: ignore[arg-type]
    return Client(app)


async def test_what_nobody_expected(failing: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = await failing.get("/broken", headers={"X-Request-ID": "the-request-4711"})
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "the-request-4711" in answer.text
    said = (await failing.get("/broken", headers={"Accept": "application/json"})).json()
    assert said["error"] == "CivicError"
    assert "secret" not in str(said)
    assert len(said["request"]) == 16


async def test_signing_in_first(failing: Client) -> None:
    answer = await failing.get("/staff?a=1&b=%E4%B8%AD")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/staff%3Fa%3D1%26b%3D%25E4%25B8%25AD"
    assert (await failing.get("/staff", headers={"HX-Request": "true"})).status_code == 401
    assert (await failing.get("/staff", headers={"Accept": "application/json"})).status_code == 401


async def test_a_citizen_is_refused_where_staff_may_go(failing: Client, citizen: Client) -> None:
    failing.cookies = citizen.cookies
    assert (await failing.get("/staff")).status_code == 403


# --- language, print, files -----------------------------------------------------------------------------------------


async def test_the_language_is_chosen_and_remembered(client: Client) -> None:
    answer = await client.get("/sign-in?next=/map%3Fa%3D1&lang=zh")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fmap%3Fa%3D1")
    assert "登录" in (await client.get("/sign-in")).text
    await client.get("/sign-in?lang=xx")
    assert "登录" in (await client.get("/sign-in")).text


async def test_choosing_a_language_leads_nowhere_else(client: Client) -> None:
    answer = await client.get(f"{SITE}//evil.example/?lang=zh")
    assert answer.headers["location"] == "/evil.example/"


async def test_the_browsers_language(client: Client) -> None:
    wanted = {"zh-TW,zh;q=0.9,en;q=0.1": "登录", "fr, en;q=0.5, zh;q=0.1": "Sign in", "de;q=x,;;": "Sign in"}
    for header, words in wanted.items():
        assert words in (await client.get("/sign-in", headers={"Accept-Language": header})).text


async def test_large_print(client: Client) -> None:
    answer = await client.post("/print", data={"size": "large", "next": "/sign-in"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert 'class="large"' in (await client.get("/sign-in")).text
    away = await client.get("/print?size=normal&next=https://evil.example/")
    assert away.headers["location"] == "/"
    assert 'class="large"' not in (await client.get("/sign-in")).text


async def test_files_are_kept_by_their_content(client: Client) -> None:
    page = (await client.get("/sign-in")).text
    address = page.split('href="/static/css/base.css')[1].split('"')[0]
    kept = await client.get("/static/css/base.css" + address)
    assert "immutable" in kept.headers["cache-control"]
    assert (await client.get("/static/css/base.css?v=0123456789ab")).headers["cache-control"] == "no-cache"


async def test_no_cache_gives_ones_page_to_another(citizen: Client) -> None:
    for path in ("/", "/reports", "/api/v1/city", "/account", "/services", "/nowhere"):
        said = (await citizen.get(path)).headers["cache-control"]
        assert said in ("private, no-cache", "no-store"), path


async def test_figures_by_route_template(config: Config) -> None:
    app = create_app(config.model_copy(update={"server": ServerConfig(metrics_token="t0ken")}))
    async with Client(app) as client:
        await client.get("/nowhere/somebody@example.org")
        await client.get("/sign-in?next=/secret")
        figures = (await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})).text
    assert 'civic_requests_total{method="GET",route="/sign-in",status="200"}' in figures
    assert 'route="(none)",status="404"' in figures
    assert "secret" not in figures
    assert "example.org" not in figures


async def test_a_page_asks_the_database_little(citizen: Client, count_queries) -> None:  # type: ignore[no-untyped-def]
    await citizen.get("/sign-in")
    with count_queries() as statements:
        await citizen.get("/sign-in")
    assert len(statements) <= 2, statements.texts
