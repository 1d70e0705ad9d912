"""One `civic serve` a var: the lock, and who holds it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from civic.errors import CannotWrite, SetupError
from civic.postgres import locks


class AlreadyServing(SetupError):
    """Another process serves this var. `pid` and `address` are what it wrote there, or None."""

    def __init__(self, var: Path, pid: int | None, address: str | None) -> None:
        self.pid = pid
        self.address = address
        who = f"process {pid}, at {address}" if pid else "another process"
        super().__init__(
            f"Civic already serves {var} ({who}). Stop that one first, or give this one a folder of its own: "
            "CIVIC_PATHS__VAR=…"
        )


@contextmanager
def serve_lock(var: Path, address: str) -> Iterator[None]:
    """Be the one that serves `var`, at `address`, within the block. Raises AlreadyServing."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        fd = locks.open_file(var / "serve.lock")
    except OSError as error:
        raise CannotWrite(var, error) from error
    try:
        locks.hold(fd)
        if not locks.try_lock(fd, exclusive=True):
            raise AlreadyServing(var, *_holder(fd))
        os.ftruncate(fd, 0)
        os.write(fd, json.dumps({"pid": os.getpid(), "address": address}).encode())
        yield
    finally:
        locks.drop(fd)


def _holder(fd: int) -> tuple[int | None, str | None]:
    text = os.pread(fd, 4096, 0)
    if not text:  # it holds the lock and is about to write
        return None, None
    said = json.loads(text)
    return said["pid"], said["address"]
