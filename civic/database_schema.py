"""Which migrations the database has had, and bringing it to those of this program."""

from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from civic import db
from civic.config import HALF_RESTORED
from civic.errors import SetupError

STATE = """
SELECT to_regclass('tortoise_migrations') IS NULL AS blank,
       to_regclass('unfinished_restore') IS NOT NULL AS half_restored
"""


async def migrate(url: str) -> None:
    """Bring the database to the newest migration. One process does it, others wait (advisory lock)."""
    connection = await db.connect_driver(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('civic.migrations'))")
        await run_migrations(config=db.tortoise_config(url))
        await Tortoise.close_connections()
    finally:
        await connection.close()


async def migrate_if_needed(url: str) -> list[str]:
    """Migrate unless the database is up to date, which costs a query; the names of what was applied.

    Raises SetupError for a database that a newer program has migrated.
    """
    async with db.connect(url, 2):
        await refuse_newer_schema()
        missing = await unapplied_migrations()
    if missing:
        await migrate(url)
    return missing


def migration_names() -> list[str]:
    """Every migration that this program has, oldest first."""
    folder = Path(__file__).parent / "migrations"
    return sorted(path.stem for path in folder.glob("[0-9]*.py"))


async def unapplied_migrations() -> list[str]:
    """The migrations that the connected database has not had."""
    return sorted(set(migration_names()) - await _applied_migrations())


async def refuse_newer_schema() -> None:
    """Raises SetupError if the connected database had a migration that this program does not know: it would write
    by rules that are no longer those of the tables."""
    unknown = sorted(await _applied_migrations() - set(migration_names()))
    if unknown:
        raise NewerSchema(
            f"The database is of a newer Civic: this program does not know its {', '.join(unknown)}. "
            "Start the newer program here, too."
        )


class NewerSchema(SetupError):
    """A newer program has migrated the database."""


async def _applied_migrations() -> set[str]:
    found = (await db.fetch(STATE))[0]
    if found["half_restored"]:
        raise SetupError(HALF_RESTORED)
    if found["blank"]:
        return set()
    return {row["name"] for row in await db.fetch("SELECT name FROM tortoise_migrations WHERE app = $1", db.APP_LABEL)}
