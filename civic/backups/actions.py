"""Making a backup while the program runs, and making a city of one."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from civic import erasures
from civic.backups import archive
from civic.backups.archive import Archive, ArchiveWriter
from civic.backups.dump import load_dump, read_dump
from civic.backups.erasures import repeat_erasures
from civic.backups.manifest import Manifest, PhotoCounts, read_manifest, read_program_version
from civic.backups.queries import DatabaseSnapshot, count_rows, find_photo_files, read_snapshot
from civic.backups.settings import write_settings
from civic.backups.sql import AFTER_LOADING, ANALYSE, FINISHED, NO_TIME_LIMITS
from civic.backups.target import TargetFolder, check_database, empty_database
from civic.backups.verify import find_damaged_photos
from civic.cases.history import check_histories
from civic.config import Config
from civic.database_errors import report_unreachable
from civic.database_schema import migration_names
from civic.db import connect_driver, execute, fetch, in_transaction, use_snapshot
from civic.errors import SetupError
from civic.lasting_locks import LockConnection, lock_connection
from civic.media.actions import KEEP_FILES_LOCK, delete_pending_photos
from civic.media.store import Store
from civic.scores.queries import list_seal_faults

RESTORE_LOCK = "civic.restore"
DUMP_SHARE = 0.25  # about the bytes of a compressed dump for one byte of the database

Progress = Callable[[float, str], None]


async def make_backup(
    config: Config, url: str, path: Path, on_progress: Progress, *, replace: bool = False
) -> Manifest:
    """Write the city to the file `path`, as at one instant; the program may run meanwhile.

    No file of a photo is removed until it is done. Raises SetupError.
    """
    with archive.write_archive(path, replace=replace) as file:
        async with lock_connection() as locks, locks.lock(KEEP_FILES_LOCK, shared=True):
            file.add(archive.SECRET, config.secret())
            file.add(archive.SETTINGS, write_settings(config).encode())
            async with _snapshot() as snapshot:
                tables = await count_rows()
                database = await _write_database(file, url, snapshot, on_progress)
            photos = await _write_photos(file, Store(config.media_folder), snapshot, on_progress)
        log = config.paths.var / erasures.NAME
        file.add(archive.ERASURES, log.read_bytes() if log.exists() else b"")
        manifest = Manifest(
            program=read_program_version(),
            made_at=snapshot.at,
            city=snapshot.city,
            postgresql=snapshot.version,
            migrations=snapshot.migrations,
            granted=snapshot.granted,
            tables=tables,
            database_sha256=database,
            photos=photos,
        )
        file.add(archive.MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())
        file.finish()
    return manifest


@asynccontextmanager
async def _snapshot() -> AsyncIterator[DatabaseSnapshot]:
    """What the database is like at an instant, which other connections can see too until the block ends."""
    async with in_transaction():
        await use_snapshot()
        await fetch(NO_TIME_LIMITS)
        yield await read_snapshot()


async def _write_database(file: ArchiveWriter, url: str, snapshot: DatabaseSnapshot, on_progress: Progress) -> str:
    digest, number = hashlib.sha256(), 0
    async for chunk in read_dump(url, snapshot.name):
        number += 1
        file.add(f"{archive.DATABASE}{number:08}.sql.gz", chunk)
        digest.update(chunk)
        on_progress(_share(file, snapshot, 0), f"database, {file.written:,} bytes")
    return digest.hexdigest()


async def _write_photos(
    file: ArchiveWriter, store: Store, snapshot: DatabaseSnapshot, on_progress: Progress
) -> PhotoCounts:
    """Every file of the photos that the snapshot names, and of those that came soon after it."""
    files = total = missing = 0
    async for photo in find_photo_files(snapshot.last_photo):
        found = [(key, await store.get(key)) for key in photo.keys]
        missing += photo.used and any(data is None for _, data in found)
        for key, data in found:
            if data is not None:
                file.add(archive.PHOTOS + key, data)
                files, total = files + 1, total + len(data)
        on_progress(_share(file, snapshot, total), f"photos, {files:,} files")
    return PhotoCounts(files=files, bytes=total, missing=missing)


def _share(file: ArchiveWriter, snapshot: DatabaseSnapshot, photo_bytes: int) -> float:
    expected = snapshot.photo_bytes + snapshot.bytes * DUMP_SHARE
    return min(0.99, (file.written if not photo_bytes else snapshot.bytes * DUMP_SHARE + photo_bytes) / expected)


# -- restoring -------------------------------------------------------------------------------------


@dataclass
class Restored:
    """What a restored city was found to be; `faults`: what differs from what it should be."""

    erased: int = 0
    histories: int = 0
    faults: list[str] = field(default_factory=list)


def open_backup(path: Path, on_progress: Progress) -> tuple[Archive, Manifest]:
    """A backup that is whole, and that this program knows. Raises SetupError."""
    found = archive.check_archive(path, on_progress)
    if missing := {archive.MANIFEST, archive.SECRET, archive.SETTINGS, archive.ERASURES} - found.small.keys():
        raise SetupError(f"{path} lacks {', '.join(sorted(missing))}: it is no backup of Civic.")
    manifest = read_manifest(found.small[archive.MANIFEST])
    if newer := [name for name in manifest.migrations if name not in migration_names()]:
        raise SetupError(
            f"The backup was made by a newer program ({manifest.program}, {', '.join(newer)}): install that one first."
        )
    return found, manifest


@asynccontextmanager
async def restore_lock(url: str) -> AsyncIterator[None]:
    """No other restore works on this database within the block. Raises SetupError if one does."""
    with report_unreachable(url):
        connection = await connect_driver(url)  # of its own: the pool is closed meanwhile, to migrate
    try:
        if not await LockConnection(connection).try_lock(RESTORE_LOCK):
            raise SetupError("Another civic restore works on this database.")
        yield
    finally:
        await connection.close()


async def load_backup(config: Config, url: str, found: Archive, manifest: Manifest, on_progress: Progress) -> None:
    """Bring the files of a backup to `paths.var` and its rows to the connected database: those all or none.

    Raises SetupError for a database that something is in; nothing is changed then.
    """
    await check_database()
    TargetFolder(config).begin(found)
    await empty_database()
    await _place_photos(found, manifest, Store(config.media_folder), on_progress)
    await load_dump(url, _chunks(found, on_progress), AFTER_LOADING)
    now = await count_rows()
    counts = {name: (manifest.tables.get(name, 0), now.get(name, 0)) for name in manifest.tables | now}
    if differ := [f"{name}: {was:,} then, {is_now:,} now" for name, (was, is_now) in counts.items() if was != is_now]:
        raise SetupError("The database has other rows than the backup: " + "; ".join(differ))


async def _place_photos(found: Archive, manifest: Manifest, store: Store, on_progress: Progress) -> None:
    """Put the photos of a backup into the store."""
    try:
        for number, member in enumerate(found.read(archive.PHOTOS), 1):
            await store.put(member.name.removeprefix(archive.PHOTOS), member.data, durable=False)
            on_progress(number / (manifest.photos.files or 1), f"photos, {number:,} files")
    except ValueError as error:
        raise SetupError(
            f"The backup has a photo under a name that is none ({error}): Civic wrote no such file."
        ) from error
    except OSError as error:
        raise SetupError(f"The photos cannot be written: {error.strerror or error}.") from error


def _chunks(found: Archive, on_progress: Progress) -> Iterator[bytes]:
    whole = max(1, found.path.stat().st_size)
    for member in found.read(archive.DATABASE):
        on_progress(min(0.99, member.offset / whole), f"database, {member.offset:,} bytes")
        yield member.data


def merge_erasures(config: Config, found: Archive, files: Sequence[Path]) -> list[str]:
    """The lines of the logs of the backup, of `paths.var` and of these files, which the log there then has too."""
    mine = config.paths.var / erasures.NAME
    try:
        texts = [file.read_text("utf-8", "replace") for file in files]
        present = erasures.read_lines(mine.read_text("utf-8", "replace")) if mine.exists() else []
    except OSError as error:
        raise SetupError(f"The log of erasures {error.filename} cannot be read: {error.strerror}.") from error
    given = erasures.read_lines("".join([found.small[archive.ERASURES].decode("utf-8", "replace"), *texts]))
    if missing := [line for line in given if line not in set(present)]:
        erasures.append_lines(mine, "".join(missing))
    return present + missing


async def finish_restore(config: Config, manifest: Manifest, lines: Sequence[str], on_progress: Progress) -> Restored:
    """Erase what was erased since, and say whether the city, which is migrated by now, is what it should be.

    From then on it can be served.
    """
    store, done = Store(config.media_folder), Restored()
    await execute(ANALYSE)
    damaged = await find_damaged_photos(store, on_progress)
    if len(damaged) > manifest.photos.missing:
        done.faults.append(f"{len(damaged)} photos are not what they were, the first: {damaged[0]}")
    done.erased = await repeat_erasures(lines)
    await delete_pending_photos(store)
    checked = await check_histories(on_progress)
    done.histories = checked.cases
    done.faults += [*await list_seal_faults(), *map(str, checked.faults)]
    TargetFolder(
        config
    ).end()  # cut off here, the next restore finds the database's mark, and takes the folder for ours
    await execute(FINISHED)
    return done
