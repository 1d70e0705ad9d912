"""The address of a photo: who gets it, for how long."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette

from civic import app as program
from civic.config import Config
from civic.media.actions import (
    add_photo,
    attach_photos,
    delete_pending_photos,
    discard_photos,
    set_photos_public,
)
from civic.media.decoder import Decoder
from civic.media.links import LINK_SECONDS, photo_url, seconds_left
from civic.media.models import Photo
from civic.media.queries import pending_photos
from civic.media.store import Store
from civic.media.views import NAME, routes
from tests.media.pictures import assert_clean, encoded, scene

SECRET = b"k" * 32


@pytest.fixture
def app(config: Config, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """The program with this domain's routes alone."""
    monkeypatch.setattr(program, "routes", lambda: routes)
    return program.create_app(config)


@pytest.fixture
async def client(app: Starlette, database: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://civic.test") as one:
        yield one


@pytest.fixture
async def photo(config: Config, database: str, decoder: Decoder) -> Photo:
    added, *_ = await add_photo(encoded(scene(2000, 1000)), Store(config.media_folder), decoder)
    return added


async def test_a_public_photo(client: httpx2.AsyncClient, photo: Photo) -> None:
    await attach_photos([photo])
    for edge in (320, 800, 1600):
        answer = await client.get(photo_url(photo, edge))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == ("image/jpeg" if edge == 1600 else "image/webp")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "public, no-cache", "a cache asks before it shows a copy"
        assert answer.headers["content-security-policy"] == "default-src 'none'"
        assert len(answer.content) == photo.sizes[str(edge)][2]
        assert_clean(answer.content)
    etag = f'"{photo.sizes["320"][3]}"'
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        same = await client.get(photo_url(photo, 320), headers={"If-None-Match": known})
        assert (same.status_code, same.content) == (304, b""), known
    changed = await client.get(photo_url(photo, 320), headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200
    head = await client.head(photo_url(photo, 320))
    assert (head.status_code, head.content) == (200, b"")


async def test_asking_again_reads_no_file(client: httpx2.AsyncClient, photo: Photo, config: Config) -> None:
    """Every view of a page asks for each of its photos again: the answer comes from one row of the database."""
    await attach_photos([photo])
    known = {"If-None-Match": (await client.get(photo_url(photo, 320))).headers["etag"]}
    await Store(config.media_folder).delete(str(photo.sizes["320"][3]))
    assert (await client.get(photo_url(photo, 320), headers=known)).status_code == 304
    assert (await client.get(photo_url(photo, 320))).status_code == 404


@pytest.mark.parametrize("was_public", [True, False])
async def test_a_copy_is_not_shown_on_once_the_photo_is_not_public(
    client: httpx2.AsyncClient, photo: Photo, config: Config, was_public: bool
) -> None:
    """Neither the address nor the version that somebody kept, signed or not, opens it, not even when it is back."""
    await attach_photos([photo], public=was_public)
    old = [photo_url(photo, 320), photo_url(photo, 320, secret=config.secret())]
    known = {"If-None-Match": (await client.get(old[1])).headers["etag"]}
    await set_photos_public([photo.id], public=False)
    withdrawn = await Photo.get()
    await set_photos_public([photo.id], public=True)
    assert (await client.get(photo_url(await Photo.get(), 320))).status_code == 200
    assert withdrawn.name != photo.name
    assert NAME.fullmatch(withdrawn.name)
    for address in old:
        for headers in ({}, known):
            assert (await client.get(address, headers=headers)).status_code == 404
    await set_photos_public([photo.id], public=False)
    signed = photo_url(await Photo.get(), 320, secret=config.secret())
    assert (await client.get(signed)).status_code == 200
    assert (await client.get(photo_url(await Photo.get(), 320), headers=known)).status_code == 404


async def test_what_nothing_uses_any_more_is_dropped(client: httpx2.AsyncClient, photo: Photo, config: Config) -> None:
    await attach_photos([photo])
    await discard_photos([photo.id])
    assert (await client.get(photo_url(photo, 320))).status_code == 404
    assert await pending_photos([photo.name]) == []
    store = Store(config.media_folder)
    assert await delete_pending_photos(store) == 1
    assert await store.get(str(photo.sizes["320"][3])) is None


@pytest.mark.parametrize(
    "path",
    [
        "/photos/{name}/321.webp",
        "/photos/{name}/0.webp",
        "/photos/{name}/99999999999999999999.webp",
        "/photos/{name}/-320.webp",
        "/photos/{name}/320.jpg",
        "/photos/{name}/1600.webp",
        "/photos/{name}/1600.jpeg",
        "/photos/{name}",
        "/photos/nothing/320.webp",
        "/photos/%00/320.webp",
        "/photos/..%2f..%2fsecret.key/320.webp",
        "/photos/AAAAAAAAAAAAAAAAAAAAAA/320.webp",
    ],
)
async def test_not_found(client: httpx2.AsyncClient, photo: Photo, path: str) -> None:
    await attach_photos([photo])
    assert (await client.get(path.format(name=photo.name))).status_code == 404


async def test_a_file_that_is_missing(client: httpx2.AsyncClient, photo: Photo, config: Config) -> None:
    await attach_photos([photo])
    await Store(config.media_folder).delete(str(photo.sizes["320"][3]))
    assert (await client.get(photo_url(photo, 320))).status_code == 404


@pytest.mark.parametrize("state", ["draft", "private"])
async def test_what_is_not_public_needs_a_signature(
    client: httpx2.AsyncClient, photo: Photo, config: Config, state: str
) -> None:
    if state == "private":
        await attach_photos([photo], public=False)
    assert (await client.get(photo_url(photo, 320))).status_code == 404
    signed = photo_url(photo, 320, secret=config.secret())
    answer = await client.get(signed)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-cache"
    for wrong in (signed[:-1], signed + "A", signed.replace("until=", "until=9"), signed.replace("until=", "until=x")):
        assert (await client.get(wrong)).status_code == 404
    stranger = photo_url(photo, 320, secret=SECRET)
    assert (await client.get(stranger)).status_code == 404
    same = await client.get(photo_url(photo, 320), headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 404


def _photo(name: str, *, attached: bool = False) -> Photo:
    return Photo(name=name, attached=attached, public=True, created_at=datetime.now(UTC), sizes={})


def test_signed_addresses_end() -> None:
    now = 1_800_000_123.0
    url = urlsplit(photo_url(_photo("a"), 320, secret=SECRET, now=now))
    query = {name: value for name, [value] in parse_qs(url.query).items()}
    assert url.path == "/photos/a/320.webp"
    assert LINK_SECONDS <= seconds_left("a", query, SECRET, now=now) <= LINK_SECONDS + 900
    assert seconds_left("a", query, SECRET, now=now + LINK_SECONDS - 1) > 0
    assert seconds_left("a", query, SECRET, now=now + LINK_SECONDS + 901) == 0
    assert seconds_left("b", query, SECRET, now=now) == 0
    assert seconds_left("a", query, b"other", now=now) == 0
    assert seconds_left("a", query | {"signature": "é"}, SECRET, now=now) == 0
    assert seconds_left("a", query | {"until": "²"}, SECRET, now=now) == 0
    assert seconds_left("a", {}, SECRET, now=now) == 0


def test_addresses_stay_the_same_for_a_while() -> None:
    one, two = (photo_url(_photo("a"), 320, secret=SECRET, now=1_800_000_000 + s) for s in (1, 890))
    assert one == two


def test_a_public_photo_needs_no_signature() -> None:
    assert photo_url(_photo("a", attached=True), 320, secret=SECRET) == "/photos/a/320.webp"
