"""Where a backup is restored to: a database without people, and a folder that holds no other city's files."""

import json
import os
import shutil
from pathlib import Path

from civic.backups.archive import SECRET, SETTINGS, Archive
from civic.backups.sql import EMPTY_DATABASE, HOLDS_PEOPLE, SERVER, TABLES
from civic.config import Config
from civic.db import execute, fetch, fetch_one
from civic.errors import SetupError

OLDEST_SERVER = 150_000
RESTORED_SETTINGS = "settings-of-backup.toml"
NAMED_TABLES = 5


class TargetFolder:
    """`paths.var` while a backup is restored to it. The file `unfinished` keeps every other program out of it."""

    def __init__(self, config: Config) -> None:
        self.var = config.paths.var
        self.media = config.media_folder
        self.unfinished = config.unfinished_restore
        self.key = self.var / SECRET

    def check(self, archive: Archive) -> None:
        """Raises SetupError for a folder with files of another city. What a restore that was cut off left is ours."""
        if self._is_ours():
            return
        if self.key.exists():
            if self.key.read_bytes() != archive.small[SECRET]:
                raise SetupError(
                    f"{self.var} has a secret key, and it is not that of the backup: another city's files are there. "
                    "Give a folder of its own (CIVIC_PATHS__VAR), or move that one away."
                )
        elif any(path.is_file() for path in self.media.rglob("*")):
            raise SetupError(
                f"{self.media} has photos, and {self.var} no secret key: they are not known to be of the city of the "
                "backup. Give a folder of its own (CIVIC_PATHS__VAR), or move that one away."
            )

    def begin(self, archive: Archive) -> None:
        """From here to `end` no other program uses the folder; what a restore left that was cut off is removed."""
        ours = self._is_ours()
        if ours:
            shutil.rmtree(self.media, ignore_errors=True)
            self.key.unlink(missing_ok=True)
        mine = ours or not self.key.exists()
        self._write(self.unfinished, json.dumps({"backup": archive.checksum, "files_are_its": mine}).encode())
        self._write(self.key, archive.small[SECRET])
        self._write(self.var / RESTORED_SETTINGS, archive.small[SETTINGS])

    def end(self) -> None:
        """The city is whole: everything is on the disk before the mark goes."""
        os.sync()
        self.unfinished.unlink()

    def _is_ours(self) -> bool:
        """Whether a restore that was cut off made the files that are there, all of them."""
        return self.unfinished.exists() and bool(json.loads(self.unfinished.read_bytes())["files_are_its"])

    def _write(self, path: Path, data: bytes) -> None:
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(draft, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)


async def check_database() -> None:
    """Raises SetupError where the connected database cannot take a city, or holds somebody's rows."""
    server = await fetch_one(SERVER)
    assert server is not None
    if server["version"] < OLDEST_SERVER:
        raise SetupError("The database is older than PostgreSQL 15, which Civic needs.")
    if server["encoding"] != "UTF8":
        raise SetupError(f"The database is in {server['encoding']}: make it with ENCODING 'UTF8'.")
    tables = [row["name"] for row in await fetch(TABLES)]
    if not tables or server["unfinished"]:
        return
    if not server["migrated"]:
        named = ", ".join(tables[:NAMED_TABLES]) + (" …" if len(tables) > NAMED_TABLES else "")
        raise SetupError(f"The database has tables that are not Civic's ({named}): give one without tables.")
    if (await fetch(HOLDS_PEOPLE))[0]["any"]:
        raise SetupError(
            "The database is not empty: a city, people or posts are in it. A backup is restored to an empty one. "
            "Make a new database and name it in database.url, or give an empty folder (CIVIC_PATHS__VAR)."
        )


async def empty_database() -> None:
    """Drop the tables of a restore that was cut off, or of a city that never began."""
    await execute(EMPTY_DATABASE)
