"""Taking photos in, using them, dropping the others: on the real database and real files."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from civic.db import in_transaction
from civic.errors import Invalid
from civic.media import actions
from civic.media.actions import add_photo, attach_photos, delete_pending_photos
from civic.media.decoder import Decoder
from civic.media.errors import PhotoRefused
from civic.media.models import Photo
from civic.media.queries import pending_photos
from civic.media.store import Store
from tests.media.pictures import assert_clean, encoded, scene, with_gps

pytestmark = pytest.mark.usefixtures("database")
SMALL = encoded(scene(64, 64))


def files(store: Store) -> list[Path]:
    return sorted(store.folder.rglob("*-*.*"))


async def age(photos: Iterable[Photo], hours: float) -> None:
    then = datetime.now(UTC) - timedelta(hours=hours)
    await Photo.filter(id__in=[p.id for p in photos]).update(created_at=then)


async def test_add_photo(store: Store, decoder: Decoder) -> None:
    upload = with_gps((31.0, 14.0, 0.0), (121.0, 28.0, 30.0), taken="2026:03:08 09:05:00")
    added, gps, taken = await add_photo(upload, store, decoder, zone=ZoneInfo("Asia/Shanghai"))
    photo = await Photo.get(name=added.name)
    assert len(photo.name) == 22
    assert (photo.width, photo.height, photo.attached, photo.public) == (640, 480, False, True)
    assert photo.taken_at == taken == datetime(2026, 3, 8, 1, 5, tzinfo=UTC)
    assert gps == pytest.approx((31 + 14 / 60, 121.475))
    assert not any("gps" in name or "lat" in name for name in Photo._meta.fields)
    for edge, (width, height, size, key) in photo.sizes.items():
        data = await store.get(str(key))
        assert data is not None
        assert len(data) == size
        assert max(int(width), int(height)) <= int(edge)
        assert_clean(data)
    assert upload not in [path.read_bytes() for path in store.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "taken", ["1980:01:01 00:00:00", "2099:01:01 00:00:00", "0001:01:01 00:00:00", "9999:12:31 23:59:59"]
)
async def test_a_clock_that_was_never_set(taken: str, store: Store, decoder: Decoder) -> None:
    upload = with_gps((31.0, 0.0, 0.0), (121.0, 0.0, 0.0), taken=taken, offset="+14:00")
    photo, gps, at = await add_photo(upload, store, decoder)
    assert at is None
    assert photo.taken_at is None
    assert gps is not None


async def test_a_refused_photo_leaves_nothing(store: Store, decoder: Decoder) -> None:
    with pytest.raises(PhotoRefused):
        await add_photo(b"hello", store, decoder)
    assert await Photo.all().count() == 0
    assert files(store) == []


async def test_the_same_twice_shares_its_files_under_two_names(store: Store, decoder: Decoder) -> None:
    one, *_ = await add_photo(SMALL, store, decoder)
    two, *_ = await add_photo(SMALL, store, decoder)
    assert one.name != two.name
    assert one.content == two.content
    assert len(files(store)) == 3
    await attach_photos([two])
    await age([one, two], 25)
    assert await delete_pending_photos(store) == 1
    assert len(files(store)) == 3
    assert await Photo.all().count() == 1


async def test_drop_drafts(store: Store, decoder: Decoder) -> None:
    old, young, used = [(await add_photo(encoded(scene(64, n)), store, decoder))[0] for n in (64, 65, 66)]
    await attach_photos([used])
    await age([old, used], 25)
    await age([young], 23)
    assert await delete_pending_photos(store) == 1
    assert await delete_pending_photos(store) == 0
    assert {p.name for p in await Photo.all()} == {young.name, used.name}
    assert len(files(store)) == 6
    assert await delete_pending_photos(store, older_than=timedelta(hours=1)) == 1
    assert len(files(store)) == 3


async def test_drop_drafts_in_batches(store: Store, decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_BATCH", 2)
    photos = [(await add_photo(encoded(scene(64, 64 + n)), store, decoder))[0] for n in range(5)]
    await age(photos, 25)
    assert await delete_pending_photos(store) == 5
    assert files(store) == []


async def test_killed_while_dropping_it_is_done_the_next_time(
    store: Store, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [(await add_photo(encoded(scene(64, 64 + n)), store, decoder))[0] for n in range(2)]
    await age(photos, 25)
    delete = Store.delete
    calls = iter(range(10))

    async def dies(self: Store, key: str) -> None:
        if next(calls) == 4:
            raise OSError("gone")
        await delete(self, key)

    monkeypatch.setattr(Store, "delete", dies)
    with pytest.raises(OSError, match="gone"):
        await delete_pending_photos(store)
    assert await Photo.all().count() == 2
    monkeypatch.undo()
    assert await delete_pending_photos(store) == 2
    assert files(store) == []


async def test_a_photo_that_comes_while_its_twin_is_dropped_keeps_its_files(store: Store, decoder: Decoder) -> None:
    for _ in range(10):
        first, *_ = await add_photo(SMALL, store, decoder)
        await age([first], 25)
        (second, *_), *_ = await asyncio.gather(
            add_photo(SMALL, store, decoder), delete_pending_photos(store), delete_pending_photos(store)
        )
        assert await Photo.filter(id=first.id).count() == 0
        for *_size, key in second.sizes.values():
            assert await store.get(str(key)) is not None
        await Photo.all().delete()


async def test_who_adds_waits_for_who_drops(store: Store, decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between "no row needs this file" and its removal, no row can come that needs it."""
    first, *_ = await add_photo(SMALL, store, decoder)
    await age([first], 25)
    at_the_file, go_on = asyncio.Event(), asyncio.Event()
    delete = Store.delete

    async def slow(self: Store, key: str) -> None:
        at_the_file.set()
        await go_on.wait()
        await delete(self, key)

    monkeypatch.setattr(Store, "delete", slow)
    dropping = asyncio.create_task(delete_pending_photos(store))
    await at_the_file.wait()
    adding = asyncio.create_task(add_photo(SMALL, store, decoder))
    done, _ = await asyncio.wait([adding], timeout=0.5)
    assert not done
    go_on.set()
    assert await dropping == 1
    second, *_ = await adding
    for *_size, key in second.sizes.values():
        assert await store.get(str(key)) is not None


async def test_attach_and_drafts(store: Store, decoder: Decoder) -> None:
    one, two = [(await add_photo(encoded(scene(64, n)), store, decoder))[0] for n in (64, 65)]
    assert [p.id for p in await pending_photos([two.name, one.name])] == [two.id, one.id]
    assert await pending_photos([]) == []
    await attach_photos([one], public=False)
    await attach_photos([])
    again = await Photo.get(id=one.id)
    assert (again.attached, again.public) == (True, False)
    assert [p.id for p in await pending_photos([one.name, two.name, "no such photo", two.name])] == [two.id]
    await age([two], 23.5)
    assert await pending_photos([two.name]) == []


async def test_a_draft_is_used_once(store: Store, decoder: Decoder) -> None:
    photo, *_ = await add_photo(SMALL, store, decoder)
    results = await asyncio.gather(attach_photos([photo]), attach_photos([photo]), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Invalid", "NoneType"]


async def test_a_post_that_fails_leaves_its_photos_drafts(store: Store, decoder: Decoder) -> None:
    photo, *_ = await add_photo(SMALL, store, decoder)
    with pytest.raises(RuntimeError):
        async with in_transaction():
            await attach_photos([photo])
            raise RuntimeError("the post fails")
    assert (await Photo.get(id=photo.id)).attached is False


async def test_posted_while_being_dropped(store: Store, decoder: Decoder) -> None:
    """Either the post has the photo with its files, or it is told that the photo is gone."""
    for _ in range(5):
        photo, *_ = await add_photo(SMALL, store, decoder)
        await age([photo], 25)
        attached, dropped = await asyncio.gather(
            attach_photos([photo]), delete_pending_photos(store), return_exceptions=True
        )
        if isinstance(attached, Invalid):
            assert dropped == 1
        else:
            assert dropped == 0
            assert len(files(store)) == 3
        await Photo.all().delete()
