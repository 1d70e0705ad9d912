"""What a database holds, as a backup has to know it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from civic.backups.sql import COUNT, GRANTED, MIGRATIONS, PHOTO_FILES, SNAPSHOT, TABLES
from civic.city.queries import city
from civic.db import APP_LABEL, fetch, fetch_one
from civic.errors import SetupError

BATCH_PHOTOS = 500


@dataclass(frozen=True)
class DatabaseSnapshot:
    """The database at an instant. `name`: by which other connections see it; `last_photo`: the highest id."""

    name: str
    at: datetime
    city: str
    version: str
    migrations: list[str]
    granted: list[str]
    bytes: int
    photo_bytes: int
    last_photo: int


@dataclass(frozen=True)
class PhotoFiles:
    """The keys of what the store has of one content; `used`: by a post, not only by a form that is being filled in."""

    content: str
    keys: list[str]
    used: bool


async def read_snapshot() -> DatabaseSnapshot:
    """The transaction in hand as a snapshot. Raises SetupError where there is no city to back up."""
    city.clear()
    view = await city()
    if view.loaded_at is None:
        raise SetupError("There is no city in this database, and nothing to back up. Is paths.var the right one?")
    row = await fetch_one(SNAPSHOT)
    assert row is not None
    migrations = [one["name"] for one in await fetch(MIGRATIONS, APP_LABEL)]
    granted = [one["name"] for one in await fetch(GRANTED)]
    return DatabaseSnapshot(
        row["snapshot"],
        row["at"],
        view.name,
        row["version"],
        migrations,
        granted,
        row["bytes"],
        row["photo_bytes"],
        row["last_photo"],
    )


async def count_rows() -> dict[str, int]:
    """The rows of each table."""
    names = [row["name"] for row in await fetch(TABLES)]
    return {name: (await fetch(COUNT.format(table=f'"{name}"')))[0]["n"] for name in names}


async def find_photo_files(last_photo: int) -> AsyncIterator[PhotoFiles]:
    """The files of every photo up to an id, some hundred at a time."""
    after = ""
    while rows := await fetch(PHOTO_FILES, last_photo, after, BATCH_PHOTOS):
        after = rows[-1]["content"]
        for row in rows:
            keys = [str(key) for *_size, key in row["sizes"].values()]
            yield PhotoFiles(row["content"], keys, row["used"])
