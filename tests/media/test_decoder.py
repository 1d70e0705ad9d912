"""The confined processes: they die and are replaced, and nobody else notices."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

from civic.errors import Busy, Invalid
from civic.i18n import use_language
from civic.media import decoder as module
from civic.media.decoder import Decoder
from civic.media.decoding import Reason, read_photo
from civic.media.errors import PhotoRefused
from civic.media.sandbox import parse_reply, variant_sizes
from tests.media.pictures import encoded, scene, with_gps

SMALL = encoded(scene(64, 64))
# 40 megapixels of PNG take about two seconds: time enough to be met at work
SLOW = encoded(Image.new("RGB", (8000, 5000)), "PNG", compress_level=1)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 (it waits for other processes)
            await asyncio.sleep(0.01)


def proc(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def busy(pid: int) -> bool:
    """It has taken in the slow photo: its memory says so."""
    return int(proc(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") > 100 * 2**20


def gone(pid: int) -> bool:
    try:
        return proc(pid, "stat").rpartition(b") ")[2].startswith(b"Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


async def refusal(work: Awaitable[object]) -> str:
    with pytest.raises(PhotoRefused) as refused:
        await work
    return refused.value.reason


def pids(decoder: Decoder) -> list[int]:
    """The processes that live now."""
    return [process._process.pid for process in decoder._all]


async def test_the_same_as_in_this_process(decoder: Decoder) -> None:
    data = with_gps((31.0, 14.0, 10.5), (121.0, 28.0, 30.0), taken="2026:03:08 09:05:00", offset="+08:00")
    assert await decoder.process(data) == read_photo(data)


async def test_processes_start_when_needed_and_are_used_again(decoder: Decoder) -> None:
    assert pids(decoder) == []
    await decoder.process(SMALL)
    first = pids(decoder)
    await decoder.process(SMALL)
    assert len(first) == 1
    assert pids(decoder) == first
    await decoder.stop()
    assert pids(decoder) == []
    assert gone(first[0])
    with pytest.raises(Busy):
        await decoder.process(SMALL)


async def test_a_process_that_met_a_damaged_file_is_not_used_again(decoder: Decoder) -> None:
    await decoder.process(SMALL)
    assert await refusal(decoder.process(b"hello")) == "not_a_photo"
    assert len(pids(decoder)) == 1
    assert await refusal(decoder.process(SMALL[:300])) == "damaged"
    assert pids(decoder) == []
    assert (await decoder.process(SMALL)).width == 64


async def test_a_process_retires(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PHOTOS_PER_PROCESS", 2)
    await decoder.process(SMALL)
    assert len(pids(decoder)) == 1
    await decoder.process(SMALL)
    assert pids(decoder) == []


async def test_killed_while_idle_costs_nothing(decoder: Decoder) -> None:
    await decoder.process(SMALL)
    [pid] = pids(decoder)
    os.kill(pid, signal.SIGKILL)
    assert (await decoder.process(SMALL)).width == 64
    assert pids(decoder) != [pid]


async def test_killed_at_work_the_photo_gets_a_second_chance(decoder: Decoder) -> None:
    work = asyncio.create_task(decoder.process(SLOW))
    await until(lambda: any(busy(pid) for pid in pids(decoder)))
    os.kill(pids(decoder)[0], signal.SIGKILL)
    assert (await work).width == 8000


async def test_killed_twice_it_is_refused_and_others_go_on(decoder: Decoder) -> None:
    work = asyncio.create_task(decoder.process(SLOW))
    for _ in range(2):
        await until(lambda: any(busy(pid) for pid in pids(decoder)))
        [pid] = [pid for pid in pids(decoder) if busy(pid)]
        others = asyncio.gather(*(decoder.process(SMALL) for _ in range(5)))
        os.kill(pid, signal.SIGKILL)
        assert [photo.width for photo in await others] == [64] * 5
    assert await refusal(work) == "damaged"
    assert (await decoder.process(SMALL)).width == 64


async def test_one_that_hangs_is_ended() -> None:
    async with Decoder(processes=1, seconds=2) as decoder:
        await decoder.process(SMALL)
        [pid] = pids(decoder)
        os.kill(pid, signal.SIGSTOP)
        assert await refusal(decoder.process(SMALL)) == "too_slow"
        assert gone(pid)
        assert (await decoder.process(SMALL)).width == 64


async def test_memory_is_bounded() -> None:
    async with Decoder(memory=160 * 2**20) as decoder:
        assert await refusal(decoder.process(SLOW)) == "damaged"
        assert (await decoder.process(SMALL)).width == 64


async def test_a_place_is_free_again_after_each_kind_of_end() -> None:
    async with Decoder(processes=1, patience=60, seconds=60) as decoder:
        for _ in range(3):
            work = asyncio.create_task(decoder.process(SLOW))
            await until(lambda: any(busy(pid) for pid in pids(decoder)))
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert pids(decoder) == []
        assert (await decoder.process(SMALL)).width == 64


async def test_many_at_once(decoder: Decoder) -> None:
    photos = [encoded(scene(100 + n, 50)) for n in range(60)]
    read = await asyncio.gather(*(decoder.process(photo) for photo in photos))
    assert [one.width for one in read] == [100 + n for n in range(60)]
    assert len(pids(decoder)) == 2


async def test_too_many_at_once_are_told_to_come_again() -> None:
    async with Decoder(processes=1, waiting=2, seconds=60) as decoder:
        tasks = [asyncio.create_task(decoder.process(SMALL)) for _ in range(6)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Decoded"] * 3 + ["Busy"] * 3


async def test_who_waits_too_long_is_told_to_come_again() -> None:
    async with Decoder(processes=1, patience=0.05, seconds=60) as decoder:
        slow = asyncio.create_task(decoder.process(SLOW))
        await until(lambda: any(busy(pid) for pid in pids(decoder)))
        with pytest.raises(Busy):
            await decoder.process(SMALL)
        assert (await slow).width == 8000


async def test_a_decoder_that_cannot_start_is_not_the_photos_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with Decoder() as decoder:
        with pytest.raises(Busy):
            await decoder.process(SMALL)
        assert pids(decoder) == []


async def test_limits_are_those_given() -> None:
    async with Decoder(max_bytes=len(SMALL), max_pixels=10_000) as decoder:
        await decoder.process(SMALL)
        assert await refusal(decoder.process(SMALL + b"\0")) == "too_large"
        assert await refusal(decoder.process(encoded(Image.new("1", (200, 100)), "PNG"))) == "too_many_pixels"


async def test_it_holds_no_setting_and_can_write_nothing(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIC_DATABASE__URL", "postgres://u:secret@localhost/x")
    await decoder.process(SMALL)
    [pid] = pids(decoder)
    assert b"secret" not in proc(pid, "environ")
    limits = proc(pid, "limits").decode()
    assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
    modules = await asyncio.to_thread(_modules_of_the_sandbox)
    assert {name for name in modules if name.startswith("civic.")} == {
        "civic.media",
        "civic.media.confinement",
        "civic.media.decoding",
        "civic.media.sandbox",
    }
    assert not {"asyncio", "tortoise", "starlette", "babel"} & modules


def _modules_of_the_sandbox() -> set[str]:
    code = "import civic.media.sandbox, sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


PARENT = """
import asyncio, sys
from civic.media.decoder import Decoder

async def main():
    decoder = Decoder()
    await asyncio.gather(*(decoder.process(open(sys.argv[1], "rb").read()) for _ in range(2)))
    print(*[one._process.pid for one in decoder._all], flush=True)
    await decoder.process(open(sys.argv[2], "rb").read())

asyncio.run(main())
"""


@pytest.fixture
async def parent(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of which one decoding process is idle and one, soon, at work."""
    (tmp_path / "small.jpg").write_bytes(SMALL)
    (tmp_path / "slow.png").write_bytes(SLOW)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path / "small.jpg"), str(tmp_path / "slow.png")),
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_no_process_outlives_a_killed_parent(parent: asyncio.subprocess.Process) -> None:
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    await until(lambda: any(busy(pid) for pid in pids))
    parent.kill()
    await parent.wait()
    await until(lambda: all(gone(pid) for pid in pids))


# --- what a process that was taken over may say ---------------------------------------------------------------------

GOOD = {
    "format": "JPEG",
    "width": 64,
    "height": 64,
    "gps": None,
    "taken_at": None,
    "variants": [[320, 64, 64, 12], [800, 64, 64, 12], [1600, 64, 64, 12]],
}
WEBP = b"RIFF\4\0\0\0WEBP"
FILES = [WEBP, WEBP, b"\xff\xd8\xff\xe0\0\0\0\0JFIF"]


@pytest.mark.parametrize(
    "change",
    [
        {"variants": []},
        {"variants": [[320, 64, 64, 12]]},
        {"variants": [[320, 64, 64, 2**40]] * 3},
        {"variants": [["../../x", 64, 64, 12]] * 3},
        {"variants": [[320, 9999, 64, 12], [800, 64, 64, 12], [1600, 64, 64, 12]]},
        {"width": 0},
        {"width": 2**40},
        {"width": "64"},
        {"gps": [1]},
        {"gps": "here"},
        {"taken_at": "soon"},
        {"taken_at": 7},
    ],
)
def test_nonsense_is_not_believed(change: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        head = GOOD | change
        variant_sizes(head)
        parse_reply(head, FILES)


@pytest.mark.parametrize(
    "files",
    [
        [WEBP, b"<script>....", FILES[2]],
        [WEBP, WEBP, WEBP],
        [WEBP, FILES[2], FILES[2]],
        [WEBP, WEBP, b"<script>...."],
    ],
)
def test_what_is_not_of_its_kind_is_not_believed(files: list[bytes]) -> None:
    assert parse_reply(GOOD, FILES).width == 64
    assert parse_reply(GOOD | {"gps": [1e999, 0]}, FILES).gps is None
    with pytest.raises(ValueError):
        parse_reply(GOOD, files)


def test_every_reason_has_its_text_in_both_languages() -> None:
    for reason in Reason.__args__:  # type: ignore[attr-defined]
        error = PhotoRefused(reason, max_bytes=20 * 2**20, max_pixels=50_000_000)
        assert isinstance(error, Invalid)
        assert error.status == 422
        english = str(error.message)
        with use_language("zh"):
            assert str(error.message) != english
            assert str(error.fields["photos"]) == str(error.message)
    assert "20 MB" in str(PhotoRefused("too_large").message)
    assert PhotoRefused("'; DROP TABLE").reason == "damaged"


async def test_processes_wait_for_the_first_photos() -> None:
    async with Decoder(processes=2) as decoder:
        decoder.start_ahead()
        await until(lambda: len(decoder._idle) == 2)
        before = pids(decoder)
        await asyncio.gather(decoder.process(SMALL), decoder.process(SMALL))
        assert sorted(pids(decoder)) == sorted(before)
    assert all(gone(pid) for pid in before)


async def test_a_photo_that_comes_while_they_start_is_taken_and_no_more_start_than_may() -> None:
    async with Decoder(processes=2) as decoder:
        decoder.start_ahead()
        await asyncio.gather(*(decoder.process(SMALL) for _ in range(4)))
        assert len(pids(decoder)) <= 2
