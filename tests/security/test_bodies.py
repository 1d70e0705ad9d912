"""How much of a body is read, of what kind, on which route, and for how long."""

import asyncio
import json
import logging
import re

import pytest
from starlette.types import Message

from civic import bodies
from civic.app import routes
from civic.web import GuardedRoute
from tests.clients import SITE, Client
from tests.security.requests import never, parts, send

pytestmark = pytest.mark.usefixtures("riverside")

# A route that takes photos is written here too: somebody has thought about what a stranger may send there.
PHOTO_ROUTES = {
    "/reports",
    "/reports/photos",
    "/reports/{id:int}/answer",
    "/reports/{id:int}/join",
    "/reports/{id:int}/photos",
    "/switch",
    "/traffic",
    "/services/{slug:str}/ratings",
    "/desk/cases/{id:int}/{command:str}",
}
JSON, URLENCODED, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
FORM_BYTES = 256 * 2**10
BODY_BYTES = 120 * 2**20


def posted() -> list[GuardedRoute]:
    return [one for one in routes() if isinstance(one, GuardedRoute) and "POST" in (one.methods or ())]


def address(route: GuardedRoute) -> str:
    return re.sub(r"\{.*?\}", "x", re.sub(r"\{\w+:int\}", "1", route.path))


def cookies_of(client: Client) -> list[tuple[str, str]]:
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return [("Host", "testserver"), ("Origin", SITE), ("Cookie", cookie)]


def test_the_routes_of_photos_are_those_written_here() -> None:
    assert {one.path.removeprefix("/api/v1") for one in posted() if one.about.photos} == PHOTO_ROUTES


@pytest.mark.parametrize("kind", [JSON, URLENCODED, MULTIPART, "text/plain", ""])
async def test_a_body_too_long_for_its_route_is_refused_unread(admin: Client, kind: str) -> None:
    """On every route, and by its length alone: `never` fails if a byte is asked for."""
    for route in posted():
        allowed = BODY_BYTES if route.about.photos and kind == MULTIPART else FORM_BYTES
        for length in (allowed + 1, 10**18, "9" * 5000):
            headers = [*cookies_of(admin), ("Content-Type", kind), ("Content-Length", str(length))]
            answer = await send(admin.app, "POST", address(route), headers, never)
            assert answer.status == 413, (route.path, kind, length)


@pytest.mark.parametrize("kind", [JSON, URLENCODED, MULTIPART])
@pytest.mark.parametrize("path", ["/sign-in", "/receipt", "/api/v1/reports", "/posts/1/comments", "/desk/cases/1/note"])
async def test_a_body_that_does_not_say_its_length_is_cut(admin: Client, path: str, kind: str) -> None:
    """A form of photos, which may be longer, ends where no field is so long."""
    piece = b"x" * 65536
    start = b'{"text":"' if kind == JSON else b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n"
    pieces = [start, *[piece] * 4, b"", AssertionError]

    async def receive() -> Message:
        one = pieces.pop(0)
        assert isinstance(one, bytes), "it read on"
        return {"type": "http.request", "body": one, "more_body": True}

    answer = await send(admin.app, "POST", path, [*cookies_of(admin), ("Content-Type", kind)], receive)
    of_photos = kind == MULTIPART and path in ("/api/v1/reports", "/desk/cases/1/note")
    assert answer.status == (400 if of_photos else 413)


@pytest.mark.parametrize(("language", "words"), [("en", "too large to be sent"), ("zh", "一次发送的内容太大")])
async def test_it_is_said_in_the_readers_language(client: Client, language: str, words: str) -> None:
    headers = {"Accept-Language": language, "Content-Type": JSON}
    big = b"x" * (FORM_BYTES + 1)
    page = await client.post("/sign-in", content=big, headers=headers)
    assert page.status_code == 413
    assert words in page.text
    told = await client.post("/sign-in", content=big, headers={**headers, "Accept": JSON})
    assert told.json()["error"] == "TooLarge"
    assert words in told.json()["message"]


async def test_a_body_as_long_as_it_may_be_is_read(client: Client) -> None:
    text = json.dumps({"code": "AAAA"}).encode()
    padded = text + b" " * (FORM_BYTES - len(text))
    assert (await client.post("/receipt", content=padded, headers={"Content-Type": JSON})).status_code == 422


DEEP = b"[" * 100_000
ODD_JSON = {
    "the review's": b'{"a":[' + b"[]," * 80_000 + b"1]}",
    "deep": b'{"a":' + DEEP,
    "deep objects": b'{"a":' * 40_000,
    "many fields": json.dumps({f"f{n}": "x" for n in range(10_000)}).encode(),
    "a long list": json.dumps({"text": ["x"] * 10_000}).encode(),
    "a long number": b'{"a":' + b"9" * 5000 + b"}",
    "half a surrogate pair": rb'{"text":"\ud800"}',
    "one in a name": rb'{"\udfff":"x"}',
    "one far inside": rb'{"answers":{"A":["\ud83d"]}}',
    "no object": b"[]",
    "no JSON": b"{",
    "no text": b"\xff\xfe",
}
FORM_PATHS = ("/sign-in", "/sign-up", "/receipt", "/api/v1/reports", "/api/v1/traffic", "/print")


@pytest.mark.parametrize("name", ODD_JSON)
async def test_json_that_no_form_has(client: Client, name: str) -> None:
    for path in FORM_PATHS:
        answer = await client.post(path, content=ODD_JSON[name], headers={"Content-Type": JSON})
        assert answer.status_code in (400, 413), (path, answer.status_code)


STRANGE_VALUES = ['"\\u0000"', "NaN", "-Infinity", "1e999", "true", "null", "[]", "{}", "[[1]]", '{"a":{"b":1}}', "-1"]


@pytest.mark.parametrize("value", STRANGE_VALUES)
async def test_values_of_another_type(client: Client, value: str) -> None:
    names = ("text", "email", "password", "code", "lat", "lon", "category", "answers", "photos", "kept", "client_key")
    body = "{" + ", ".join(f'"{name}": {value}' for name in names) + "}"
    for path in FORM_PATHS:
        answer = await client.post(path, content=body.encode(), headers={"Content-Type": JSON})
        assert answer.status_code in (303, 400, 422), (path, answer.status_code)


ODD_FORMS = [
    (URLENCODED, b"&".join(b"f%d=x" % n for n in range(5000))),
    (URLENCODED, b"a=" + b"x" * 100_001),
    (URLENCODED, b"%" * 1000 + b"=%zz"),
    (MULTIPART, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" * 5000),
    (MULTIPART, b"--x\r\nContent-Disposition: form-data; name=p; filename=f\r\n\r\n\r\n" * 500 + b"--x--"),
    (MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
    (MULTIPART, b"--x\r\n" + b"A: b\r\n" * 5000),
    (MULTIPART, b"nothing"),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=" + "b" * 5000, b"--b"),
    ("multipart/form-data; boundary=x; charset=utf-7", b"--x--"),
    ("application/json; charset=utf-16", "{}".encode("utf-16")),
    ("text/xml", b"<a/>"),
]


@pytest.mark.parametrize("number", range(len(ODD_FORMS)))
async def test_forms_that_no_browser_sends(client: Client, number: int) -> None:
    kind, body = ODD_FORMS[number]
    for path in FORM_PATHS:
        answer = await client.post(path, content=body, headers={"Content-Type": kind})
        assert answer.status_code in (303, 400, 422), (path, answer.status_code)


async def test_a_body_that_stops_coming(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    first = [b"email="]

    async def receive() -> Message:
        if first:
            return {"type": "http.request", "body": first.pop(), "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    headers = [("Host", "testserver"), ("Content-Type", URLENCODED), ("Accept-Language", "zh")]
    answer = await send(client.app, "POST", "/sign-in", headers, receive)
    assert answer.status == 408
    assert "没有及时送到" in answer.text
    assert answer.headers["connection"] == "close"


async def test_what_came_earns_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The allowance grows with what arrived; waiting that it covers is no reason to end."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.0)
    monkeypatch.setattr(bodies, "BYTES_PER_SECOND", 1)
    body = bodies.LimitedBody(parts(b"x" * 3600, b"y"), most=10_000, photos=False)
    body._taken = 3600
    assert (await body.receive())["body"] == b"x" * 3600
    assert (await body.receive())["body"] == b"y"


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/reports", "/reports/photos", "/receipt"])
@pytest.mark.parametrize("kind", [JSON, URLENCODED, MULTIPART])
async def test_a_client_that_goes_away_is_no_failure(
    client: Client, path: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = [b"--x\r\n"]

    async def receive() -> Message:
        if sent:
            return {"type": "http.request", "body": sent.pop(), "more_body": True}
        return {"type": "http.disconnect"}

    with caplog.at_level(logging.INFO):
        answer = await send(client.app, "POST", path, [("Host", "testserver"), ("Content-Type", kind)], receive)
    assert answer.status == 499
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
