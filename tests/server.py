"""The embedded PostgreSQL of the tests. Its data stays in .venv/cache, so that the next run finds the templates."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from civic.postgres import folders, locks
from civic.postgres.server import DatabaseUnavailable, Handle, acquire

KEPT = Path(__file__).parents[1] / ".venv" / "cache" / "tests"
ACCOUNT = "nobody"
IDENTITY = "identity"
# The write-ahead log is kept too, and would grow to a gigabyte.
SMALL_LOG = ("ALTER SYSTEM SET max_wal_size = '256MB'", "SELECT pg_reload_conf()")


@dataclass(frozen=True)
class Server:
    handle: Handle
    folder: Path  # where templates keep their files: as lasting as the databases


@contextmanager
def running(temporary: Path) -> Iterator[Server]:
    """The server, for as long as the block lasts; other processes and other runs use the same one.

    Its data lies in `temporary` where .venv/cache cannot be used: a checkout that is read-only, or that root's
    server, which runs as another account, cannot enter.
    """
    folder = KEPT if _usable(KEPT) else temporary
    with (folder.parent / f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        handle = _started(folder)
    try:
        yield Server(handle, folder)
    finally:
        handle.release(wait=True)


def _usable(folder: Path) -> bool:
    try:
        for path in (folder.parent.parent, folder.parent, folder):
            locks.make_folder(path, 0o755)
        account = folders.account(folder, ACCOUNT)
    except (OSError, folders.PostgresUnusable):
        return False
    return os.access(folder, os.W_OK) and account.can(lambda: os.chdir(folder))


def _started(folder: Path) -> Handle:
    """What cannot be trusted or started is thrown away: it is only a cache."""
    identity = folder / IDENTITY
    if not identity.exists() or identity.read_text() != _identity(folder):
        return _made(folder)
    try:
        return acquire(folder, durable=False, run_as=ACCOUNT)
    except DatabaseUnavailable:
        return _made(folder)


def _made(folder: Path) -> Handle:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    handle = acquire(folder, durable=False, run_as=ACCOUNT)
    try:
        asyncio.run(_run(handle.url("postgres"), SMALL_LOG))
        (folder / IDENTITY).write_text(_identity(folder))
    except BaseException:
        handle.release()
        raise
    return handle


def _identity(folder: Path) -> str:
    """This folder, no copy of it, since the machine started: nothing here is synchronised to disk."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{folder.resolve()} {folder.stat().st_ino} {boot.read_text() if boot.exists() else ''}".strip()


async def _run(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
