"""The file of a backup: an ordinary tar that is written from front to end, and checked as a whole before it is used.

Its first member names the format; its last one is the SHA-256 of everything before it. Every header follows from a
member's name and size, so that no byte of the file may be another one.
"""

import fcntl
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from civic.errors import SetupError
from civic.files import sync_folder

FORMAT = "civic-backup-1"  # the name of the first member
MANIFEST, CHECKSUM = "manifest.json", "sha256"
SECRET, SETTINGS, ERASURES = "secret.key", "settings.toml", "erasures.log"
SMALL = frozenset({FORMAT, MANIFEST, SECRET, SETTINGS, ERASURES})
DATABASE, PHOTOS = "database/", "photos/"  # the beginning of the names of their members
BLOCK = tarfile.BLOCKSIZE
MAX_MEMBER_BYTES = 256 * 2**20  # of a damaged header: no member is nearly as large
END = bytes(2 * BLOCK)


@dataclass(frozen=True)
class ArchiveMember:
    """A member of the file; `offset` is where its header begins."""

    name: str
    data: bytes
    offset: int


class ArchiveWriter:
    """Writes members one after another; `written`: bytes so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.written = 0
        self.add(FORMAT, b"")

    def add(self, name: str, data: bytes) -> None:
        block = _header(name, len(data)) + data + _padding(len(data))
        self._hash.update(block)
        self._file.write(block)
        self.written += len(block)

    def finish(self) -> str:
        """Write the checksum and the end, and bring the file to the disk; the checksum."""
        checksum = self._hash.hexdigest()
        self.add(CHECKSUM, _checksum_text(checksum))
        self._file.write(END)
        self._file.flush()
        os.fsync(self._file.fileno())
        return checksum


@contextmanager
def write_archive(path: Path, *, replace: bool = False) -> Iterator[ArchiveWriter]:
    """A file that gets its name when the block ends, whole; until then it is called PATH.part, and only we read it.

    Raises SetupError where it cannot be written, and where there is one that may not be replaced.
    """
    draft = path.with_name(path.name + ".part")
    _refuse_existing(path, replace)
    try:
        with open(draft, "wb", opener=_open_private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SetupError(f"Another backup is being written to {draft}.") from None
            try:
                file.truncate()  # what a killed one left
                yield ArchiveWriter(file)
                _refuse_existing(path, replace)
                draft.rename(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as error:
        raise SetupError(f"The backup {path} cannot be written: {error.strerror or error}.") from error


def _open_private(path: str, _: int) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def _refuse_existing(path: Path, replace: bool) -> None:
    if path.is_dir():
        raise SetupError(f"{path} is a folder: name a file in it.")
    if path.exists() and not replace:
        raise SetupError(f"{path} is there already. Choose another name, or say --replace.")


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


def _checksum_text(checksum: str) -> bytes:
    return f"{checksum}\n".encode()


# -- reading ---------------------------------------------------------------------------------------


class Archive:
    """A backup that was read to its end, and is what was written. `small` holds the members that are no part of the
    database and no photo, by name."""

    def __init__(self, path: Path, small: dict[str, bytes], offsets: dict[str, int], checksum: str) -> None:
        self.path = path
        self.small = small
        self.checksum = checksum
        self._offsets = offsets

    def read(self, beginning: str) -> Iterator[ArchiveMember]:
        """The members whose names begin so, DATABASE or PHOTOS, one after another."""
        if beginning not in self._offsets:
            return
        with self.path.open("rb") as file:
            file.seek(self._offsets[beginning])
            for member, _ in _read_members(self.path, file):
                if not member.name.startswith(beginning):
                    return
                yield member


def check_archive(path: Path, on_progress: Callable[[float, str], None]) -> Archive:
    """Read a backup to its end. Raises SetupError unless every byte of it is what was written."""
    small: dict[str, bytes] = {}
    offsets: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha256()
            for member, block in _read_members(path, file):
                if member.offset == 0 and member.name != FORMAT:
                    raise SetupError(f"{path} is no backup of Civic, or one of another version's form.")
                if member.name == CHECKSUM:
                    _check_end(path, file, member, digest.hexdigest())
                    return Archive(path, small, offsets, digest.hexdigest())
                digest.update(block)
                if beginning := next((one for one in (DATABASE, PHOTOS) if member.name.startswith(one)), ""):
                    offsets.setdefault(beginning, member.offset)
                elif member.name in SMALL:
                    small[member.name] = member.data
                else:
                    raise _damaged(path)
                on_progress(file.tell() / size, f"checking {path.name}")
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror or error}.") from error
    raise _cut_short(path)


def _check_end(path: Path, file: BinaryIO, member: ArchiveMember, checksum: str) -> None:
    rest = file.read(len(END) + 1)
    if len(rest) < len(END):
        raise _cut_short(path)
    if rest != END or member.data != _checksum_text(checksum):
        raise _damaged(path)


def _read_members(path: Path, file: BinaryIO) -> Iterator[tuple[ArchiveMember, bytes]]:
    """Each member, and all its bytes with header and padding. Raises SetupError where the file is not of our form."""
    while True:
        offset, header = file.tell(), file.read(BLOCK)
        if len(header) < BLOCK:
            raise _cut_short(path) if offset else SetupError(f"{path} is no backup of Civic.")
        name, size = _parse_header(path, header, first=offset == 0)
        body = file.read(size + len(_padding(size)))
        if len(body) < size + len(_padding(size)):
            raise _cut_short(path)
        if any(body[size:]):
            raise _damaged(path)
        yield ArchiveMember(name, body[:size], offset), header + body


def _parse_header(path: Path, header: bytes, *, first: bool) -> tuple[str, int]:
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        right = 0 <= info.size <= MAX_MEMBER_BYTES and header == _header(info.name, info.size)
    except (tarfile.HeaderError, ValueError):
        right = False
    if not right:
        raise SetupError(f"{path} is no backup of Civic, or is damaged.") if first else _damaged(path)
    return info.name, info.size


def _cut_short(path: Path) -> SetupError:
    return SetupError(f"{path} is cut short: its end is missing. Nothing was changed.")


def _damaged(path: Path) -> SetupError:
    return SetupError(f"{path} is not what was written: bytes of it are others, or were added. Nothing was changed.")
