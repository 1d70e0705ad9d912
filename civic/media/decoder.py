"""A few confined processes that decode uploads: neither the event loop nor this process meets a hostile file."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Self

import civic
from civic import logs
from civic.errors import Busy
from civic.media.decoding import MAX_BYTES, MAX_PIXELS, Decoded
from civic.media.errors import PhotoRefused
from civic.media.sandbox import LENGTH, parse_reply, variant_sizes

# Enough for 50 megapixels in every format and mode (an animated WebP keeps two canvases of 200 MB and copies one).
MAX_MEMORY_BYTES = 1536 * 2**20
PHOTOS_PER_PROCESS = 100  # then a process makes room for a fresh one: memory fragments, and what was taken over is lost
MAX_HEAD_BYTES = 2**16
MAX_START_SECONDS = 60

log = logs.get_logger(__name__)


class Decoder:
    """Use as `async with Decoder() as decoder`, in the loop that calls `process`.

    Processes start when needed, or before that (`start_ahead`).
    `processes` photos are decoded at once and `waiting` wait for at most `patience` seconds; `seconds` is what one
    photo may take, `memory` (bytes) what one process may.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        waiting: int = 32,
        patience: float = 30,
        seconds: int = 20,
        max_bytes: int = MAX_BYTES,
        max_pixels: int = MAX_PIXELS,
        memory: int = MAX_MEMORY_BYTES,
    ) -> None:
        self._processes, self._places = processes, asyncio.Semaphore(processes)
        self._waiting, self._most_waiting, self._patience = 0, waiting, patience
        self._seconds, self._max_bytes, self._max_pixels = seconds, max_bytes, max_pixels
        self._arguments = [str(n) for n in (max_bytes, max_pixels, seconds, memory)]
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._stopped = False
        self._starting: asyncio.Task[None] | None = None
        self.confined_by: list[str] = []  # what the kernel confines its processes by, once one has started

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def start_ahead(self) -> None:
        """Start the processes in the background now, so that the first photos do not wait for it."""
        self._starting = asyncio.create_task(self._start_all())

    async def _start_all(self) -> None:
        with contextlib.suppress(Busy, OSError):  # the first photo tries again, and says why it does not start
            while len(self._all) < self._processes:
                async with self._places:  # a photo that comes meanwhile would wait for a process of its own as long
                    self._idle.append(await self._start())

    async def stop(self) -> None:
        """End every process; photos being decoded are lost (their uploads have not been accepted)."""
        self._stopped = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        await asyncio.gather(*(self._end(process) for process in list(self._all)))

    async def process(self, data: bytes) -> Decoded:
        """The three clean variants of an upload, with place and time.

        Raises PhotoRefused (422), also when the file crashed or hung the process that read it, and Busy (503)
        when too many photos wait already.
        """
        if len(data) > self._max_bytes:
            raise PhotoRefused("too_large", max_bytes=self._max_bytes)
        await self._queue()
        try:
            return await self._decode(data)
        finally:
            self._places.release()

    async def _queue(self) -> None:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise Busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise Busy() from None
        finally:
            self._waiting -= 1

    async def _decode(self, data: bytes) -> Decoded:
        """A photo whose process dies gets a second chance in a fresh one: the kernel, short of memory, kills the
        innocent too, and one that waited idle may be dead without our knowing."""
        for _ in range(2):
            process = await self._ready()
            try:
                async with asyncio.timeout(self._seconds):
                    head, decoded = await process.ask(data)
            except TimeoutError:
                log.warning("photo took too long", seconds=self._seconds)
                raise PhotoRefused("too_slow") from None
            except Exception as error:  # it died, or is taken over and says whatever it likes
                log.warning("photo decoder failed", error=type(error).__name__)
                continue
            finally:
                if process.reusable:
                    self._idle.append(process)
                else:
                    await self._end(process)
            if decoded is None:
                raise PhotoRefused(head["refused"], max_bytes=self._max_bytes, max_pixels=self._max_pixels)
            return decoded
        raise PhotoRefused("damaged")

    async def _ready(self) -> "_Process":
        if self._stopped:
            raise Busy()
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await self._end(process)
        return await self._start()

    async def _start(self) -> "_Process":
        process = await _Process.start(self._arguments)
        self._all.add(process)
        try:
            async with asyncio.timeout(MAX_START_SECONDS):
                self.confined_by = await process.greet()
        except BaseException as error:
            await self._end(process)
            if isinstance(error, (EOFError, OSError, ValueError)):  # of which TimeoutError is one
                log.error("photo decoder does not start", command="python -m civic.media.sandbox")
                raise Busy() from error
            raise
        return process

    async def _end(self, process: "_Process") -> None:
        self._all.discard(process)
        await process.end()


class _Process:
    """One confined process, as its parent sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout
        self._photos = 0
        self.reusable = False

    @classmethod
    async def start(cls, arguments: list[str]) -> Self:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "civic.media.sandbox", *arguments, str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what libraries print there is the hostile file's text
            env=_environment(),
            limit=2**20,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def greet(self) -> list[str]:
        """Wait until it can take photos; what confines it. Raises EOFError, ValueError."""
        return [str(one) for one in (await self._head()).get("confined", [])]

    async def ask(self, data: bytes) -> tuple[dict[str, Any], Decoded | None]:
        """The reply's head, and the photo unless it was refused.

        Raises EOFError, OSError, ValueError and others when the process died or talks nonsense.
        """
        self.reusable = False
        self._to.write(LENGTH.pack(len(data)))
        self._to.write(data)
        await self._to.drain()
        head = await self._head()
        if "refused" in head:
            # what has met a broken file may be broken itself
            self.reusable = head["refused"] != "damaged"
            return head, None
        parts = [await self._from.readexactly(size) for size in variant_sizes(head)]
        decoded = parse_reply(head, parts)
        self._photos += 1
        self.reusable = self._photos < PHOTOS_PER_PROCESS
        return head, decoded

    async def _head(self) -> dict[str, Any]:
        length = LENGTH.unpack(await self._from.readexactly(LENGTH.size))[0]
        if length > MAX_HEAD_BYTES:
            raise ValueError("not a head")
        head = json.loads(await self._from.readexactly(length))
        if not isinstance(head, dict):
            raise ValueError("not a head")
        return head

    async def end(self) -> None:
        """Kill the process and wait for its end, also while this task is being cancelled."""
        self._to.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.shield(self._process.wait())


def _environment() -> dict[str, str]:
    """What a process needs to find Python's libraries and this package, and none of our settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    places = [str(Path(civic.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    # glibc reserves 64 MB of address space a thread otherwise, which the memory limit counts
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, places)), "MALLOC_ARENA_MAX": "1"}
