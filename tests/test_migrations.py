"""One linear history that agrees with the models, for an empty database and for one that is a migration behind."""

import importlib
from collections.abc import Callable
from itertools import pairwise

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.context import require_context
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.migrations.autodetector import MigrationAutodetector

from civic.composition import migrate, migrate_if_needed
from civic.database_schema import migration_names, unapplied_migrations
from civic.db import APP_LABEL, MIGRATIONS_MODULE, connect, fetch, tortoise_config

NAMES = migration_names()
# What needs a migration before the newest one.
several = pytest.mark.skipif(len(NAMES) < 2, reason="there is one migration")

SCHEMA = {
    "columns": """SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "functions": """SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "triggers": """SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2""",
}


async def schema(url: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return {part: [tuple(row) for row in await connection.fetch(sql)] for part, sql in SCHEMA.items()}
    finally:
        await connection.close()


async def migrate_to(url: str, name: str, direction: str = "both") -> None:
    await run_migrations(config=tortoise_config(url), target=f"{APP_LABEL}.{name}", direction=direction)
    await Tortoise.close_connections()


@pytest.fixture
def blank(make_database: Callable[..., str]) -> str:
    """The URL of a database in which there is nothing at all."""
    return make_database("blank", migrated=False)


async def test_models_and_migrations_agree(database: str) -> None:
    apps = require_context().apps
    assert apps
    changes = await MigrationAutodetector(apps, tortoise_config(database)["apps"]).changes()
    assert not changes, "\n".join(
        f"{type(operation).__name__} {vars(operation)}" for change in changes for operation in change.operations
    )


async def test_every_table_has_the_columns_of_its_model(database: str) -> None:
    apps = require_context().apps
    assert apps
    for model in apps[APP_LABEL].values():
        assert await model.all().limit(1) == []


@pytest.mark.parametrize(("before", "name"), list(pairwise([None, *NAMES])))
def test_migrations_are_one_line(before: str | None, name: str) -> None:
    """Each builds on the one before, and is numbered so."""
    found = importlib.import_module(f"{MIGRATIONS_MODULE}.{name}").Migration
    assert list(getattr(found, "dependencies", [])) == ([(APP_LABEL, before)] if before else [])
    assert name.startswith(f"{NAMES.index(name) + 1:04}_")


async def test_an_empty_database_gets_everything(blank: str, database_dsn: str) -> None:
    async with connect(blank, 2):
        assert await unapplied_migrations() == NAMES
    assert await migrate_if_needed(blank) == NAMES
    assert await schema(blank) == await schema(database_dsn)
    async with connect(blank, 2):
        assert await unapplied_migrations() == []
    assert await migrate_if_needed(blank) == []


@several
async def test_the_previous_database_gets_the_newest_migration_and_keeps_its_rows(
    blank: str, database_dsn: str
) -> None:
    await migrate_to(blank, NAMES[-2])
    connection = await asyncpg.connect(blank)
    try:
        await connection.execute(
            "INSERT INTO user_account (email, name, password_hash, role, language, created_at)"
            " VALUES ('a@example.org', 'Ana', '-', 'citizen', 'en', now())"
        )
    finally:
        await connection.close()
    assert await migrate_if_needed(blank) == NAMES[-1:]
    assert await schema(blank) == await schema(database_dsn)
    async with connect(blank, 2):
        assert await fetch("SELECT email, name FROM user_account") == [{"email": "a@example.org", "name": "Ana"}]


@several
async def test_the_newest_migration_can_be_undone(blank: str) -> None:
    await migrate_to(blank, NAMES[-2])
    before = await schema(blank)
    await migrate(blank)
    await migrate_to(blank, NAMES[-2], "backward")
    assert await schema(blank) == before
