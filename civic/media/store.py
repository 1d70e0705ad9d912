"""Where variants are kept: files in a folder. Another kind of store needs `put get delete tidy`, nothing else."""

import asyncio
import os
import re
import secrets
import time
from pathlib import Path

from civic.files import sync_folder
from civic.media.decoding import ending_of

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}-[0-9]{1,5}\.(webp|jpg)")


def key_of(content: str, edge: int) -> str:
    """The key of one variant of the photo with this `Photo.content`: "ab/cd/<content>-<edge>.webp"."""
    return f"{content[:2]}/{content[2:4]}/{content}-{edge}.{ending_of(edge)}"


class Store:
    """Files under `folder`. A key names its content, so a file is written once and never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, key: str, data: bytes, *, durable: bool = True) -> None:
        """Keep `data`; on return it survives a power cut, if `durable`. Again with the same key: nothing happens."""
        await asyncio.to_thread(self._put, self._path(key), data, durable)

    async def get(self, key: str) -> bytes | None:
        return await asyncio.to_thread(_read, self._path(key))

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def tidy(self, seconds: float) -> None:
        """Remove files that writers, killed in the middle, left behind more than `seconds` ago."""
        await asyncio.to_thread(self._tidy, time.time() - seconds)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key of the store: {key!r}")
        return self.folder / key

    def _put(self, path: Path, data: bytes, durable: bool) -> None:
        if path.exists():
            return
        draft = self.folder / "incoming" / secrets.token_hex(16)
        for folder in (self.folder, draft.parent, path.parent.parent, path.parent):
            _make_private(folder)
        try:
            with open(draft, "xb", opener=_open_private) as file:
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent, self.folder) if durable else ():
            sync_folder(folder)

    def _tidy(self, before: float) -> None:
        for draft in (self.folder / "incoming").glob("*"):
            try:
                if draft.stat().st_mtime < before:
                    draft.unlink()
            except FileNotFoundError:
                continue  # its writer was alive after all, or another process tidies too


def _make_private(folder: Path) -> None:
    """Photos that are not public are kept here too: the folder is for our account alone, whatever the umask is."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
