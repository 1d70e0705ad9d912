"""Strange values in addresses and headers: no failure, nothing echoed as markup, and no way to another site."""

import random
import re
from urllib.parse import quote, urlencode, urlsplit

import pytest

from civic.app import routes
from civic.web import GuardedRoute
from tests.clients import Client
from tests.security.markup import MARK, PAYLOADS, foreign_markup
from tests.security.requests import send

pytestmark = pytest.mark.usefixtures("riverside")

WORD = re.compile(r"\S+")
NAMES = WORD.findall(
    "q page sort status category area department kind near bbox zoom lat lon radius from to period release case next "
    "show typing saved reason direction severity service text address photos client_key token format size"
)
VALUES = (
    " ".join(PAYLOADS),
    PAYLOADS[1],
    "'; DROP TABLE post; --",
    "1 OR 1=1",
    "%' OR '%'='",
    "\r\nSet-Cookie: a=b\r\nLocation: https://evil.example/",
    "x" * 1500,
    "9" * 1500,
    "-1",
    "1e999",
    "\udfff".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\u202e\u0000\ufeff\u200b",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "../../../etc/passwd",
    '((((((((((a AND OR NOT "unclosed',
    "a" * 50 + " -" * 200,
)


def pages() -> list[str]:
    """Those of readers; under /api/v1 are the same views."""
    found = [one for one in routes() if isinstance(one, GuardedRoute) and "GET" in (one.methods or ())]
    found = [one for one in found if not one.path.startswith("/api/")]
    return [re.sub(r"\{.*?\}", "x", re.sub(r"\{\w+:int\}", "1", one.path)) for one in found]


@pytest.mark.parametrize("number", range(len(VALUES)))
async def test_a_strange_value_of_every_parameter(admin: Client, number: int) -> None:
    """All parameters at once, at a third of the addresses a value, as who may see all of them."""
    value = VALUES[number]
    query = "&".join(f"{name}={quote(value, safe='')}" for name in NAMES)
    for path in random.Random(number).sample(pages(), len(pages()) // 3):
        answer = await admin.get(f"{path}?{query}")
        where = f"{path} {value[:30]!r}"
        assert answer.status_code < 500, where
        location = answer.headers.get("location", "/")
        assert location.startswith("/"), where
        assert not urlsplit(location).netloc, where
        assert not location.startswith(("//", "/\\")), where
        assert "a=b" not in answer.headers.get("set-cookie", ""), where
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert foreign_markup(answer.text) == [], where


@pytest.mark.parametrize("seed", range(2))
async def test_parameters_of_which_each_is_strange(client: Client, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        path = chance.choice(pages())
        pairs = [(chance.choice(NAMES), chance.choice(VALUES)[:300]) for _ in range(chance.randint(1, 6))]
        answer = await client.get(f"{path}?{urlencode(pairs, errors='replace')}")
        assert answer.status_code < 500, (path, pairs)


HEADERS = WORD.findall(
    "Accept Accept-Encoding Accept-Language Authorization Cache-Control Content-Encoding Content-Type Cookie Expect "
    "Forwarded HX-Current-URL HX-Request HX-Request-Type HX-Target If-Match If-Modified-Since If-None-Match Origin "
    "Range Referer Sec-Fetch-Site Transfer-Encoding User-Agent X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto "
    "X-HTTP-Method-Override X-Original-URL X-Request-ID X-Rewrite-URL"
)
HEADER_VALUES = (
    "",
    "x" * 8000,
    "\xff\xfe\x80",
    "*/*;q=nan, text/html;q=inf, ;;;,,,",
    "en;q=1e400, zh;q=-5, *;q=x",
    "bytes=0-0,1-1,5-3,-99999999999999999999",
    "Wed, 99 Foo 9999 99:99:99 GMT",
    "session=\x01; lang=<script>; print=large; receipts=....; session=; =; ;",
    "__Host-session=" + "A" * 4000,
    'W/"x", "' + "a" * 3000,
    "chunked, gzip",
    "evil.example",
    "https://evil.example/" + PAYLOADS[1],
    "true",
    "../../etc/passwd",
)


@pytest.mark.parametrize("seed", range(3))
async def test_strange_headers(client: Client, seed: int) -> None:
    """Alone and together; nothing of them comes back."""
    chance = random.Random(seed)
    paths = ["/", "/reports", "/search?q=a", "/static/css/base.css", "/api/v1/city", "/nowhere", "/photos/x/320.webp"]
    for _ in range(75):
        given = [(name, chance.choice(HEADER_VALUES)) for name in chance.sample(HEADERS, chance.randint(1, 5))]
        method = chance.choice(["GET", "GET", "HEAD", "POST", "OPTIONS"])
        answer = await send(client.app, method, chance.choice(paths), [("Host", "testserver"), *given])
        assert answer.status < 500, given
        assert "evil" not in answer.headers.get("location", "") + answer.headers.get("set-cookie", ""), given
        assert foreign_markup(answer.text) == [] or not answer.headers["content-type"].startswith("text/html"), given
        assert MARK not in "".join(answer.headers.values()), given


PATHS = (
    "/static/../config.toml",
    "/static/%2e%2e/config.toml",
    "/static/..%2f..%2fetc/passwd",
    "/static/....//config.toml",
    "/static//etc/passwd",
    "/static/css/..%5c..%5cconfig.toml",
    "/static/%00",
    "/static/css",
    "/photos/../../secret.key/320.webp",
    "/photos/..%2f..%2fsecret.key/320.webp",
    "/photos/AAAAAAAAAAAAAAAAAAAAAA/320.webp",
    "/photos/AAAAAAAAAAAAAAAAAAAAAA/99999999999999999999.webp",
    "/scores/releases/..%2f..%2fsecret.key/release.json",
    "/scores/releases/2026-q1/..%2f..%2f..%2fsecret.key",
    "/scores/releases/x/release.json",
    "/.git/config",
    "/config.toml",
    "/var/secret.key",
    "/reports/99999999999999999999999",
    "/reports/-1",
    "/reports/1.0",
)


@pytest.mark.parametrize("path", PATHS)
async def test_paths_that_lead_out(admin: Client, path: str) -> None:
    (admin.app.state.config.paths.var / "secret.key").write_bytes(b"SECRET KEY")
    answer = await admin.get(path)
    assert answer.status_code in (307, 404), path
    assert "SECRET" not in answer.text
    assert "[server]" not in answer.text


CURSORS = ("x", "AAAA", "eyJ4IjoxfQ==", "1,2,3", "2026-01-01T00:00:00,1", "9" * 400, "%00", "null", "[]", "{}")


@pytest.mark.parametrize("cursor", CURSORS)
async def test_cursors_that_nobody_gave(admin: Client, cursor: str) -> None:
    lists = ("/reports", "/traffic", "/services/library", "/desk", "/desk/triage", "/desk/search?q=a", "/search?q=a")
    for path in lists:
        joined = "&" if "?" in path else "?"
        assert (await admin.get(f"{path}{joined}page={quote(cursor)}")).status_code < 500, path


@pytest.mark.parametrize("value", VALUES)
async def test_the_language_of_an_address(client: Client, value: str) -> None:
    answer = await client.get(f"/reports?q=a&lang={quote(value[:300], safe='')}")
    assert (answer.status_code, answer.headers.get("location")) in ((303, "/reports?q=a"), (400, None))
    assert "set-cookie" not in answer.headers
