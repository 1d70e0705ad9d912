"""Files written once, whole or not at all."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from civic.media.store import Store, key_of

KEY = key_of("ab12" + "0" * 60, 320)


async def test_put_get_delete(store: Store) -> None:
    assert f"ab/12/ab12{'0' * 60}-320.webp" == KEY
    assert await store.get(KEY) is None
    await store.put(KEY, b"one")
    assert await store.get(KEY) == b"one"
    assert (store.folder / KEY).read_bytes() == b"one"
    assert list((store.folder / "incoming").iterdir()) == []
    await store.delete(KEY)
    await store.delete(KEY)
    assert await store.get(KEY) is None


async def test_the_same_again_is_not_written_again(store: Store) -> None:
    await store.put(KEY, b"one")
    before = (store.folder / KEY).stat()
    await asyncio.gather(*(store.put(KEY, b"one") for _ in range(10)))
    assert (store.folder / KEY).stat().st_ino == before.st_ino


async def test_many_writers_of_one_key(store: Store) -> None:
    await asyncio.gather(*(store.put(KEY, b"x" * 100_000) for _ in range(20)))
    assert await store.get(KEY) == b"x" * 100_000
    assert list((store.folder / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "/etc/passwd", KEY + "\n", KEY.replace("ab/", "../"), "a.webp"]
)
async def test_only_its_own_keys(store: Store, key: str) -> None:
    for work in (store.get(key), store.put(key, b""), store.delete(key)):
        with pytest.raises(ValueError):
            await work


async def test_a_full_disk_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await store.put(KEY, b"one")
    assert await store.get(KEY) is None
    assert list((store.folder / "incoming").iterdir()) == []


async def test_tidy_removes_what_killed_writers_left(store: Store) -> None:
    await store.put(KEY, b"one")
    old, fresh = (store.folder / "incoming" / name for name in ("old", "fresh"))
    for file in (old, fresh):
        file.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86400
    os.utime(old, (two_days_ago, two_days_ago))
    await store.tidy(86400)
    assert not old.exists()
    assert fresh.exists()
    assert await store.get(KEY) == b"one"


async def test_tidy_of_a_store_that_was_never_used(tmp_path: Path) -> None:
    await Store(tmp_path / "none").tidy(0)
