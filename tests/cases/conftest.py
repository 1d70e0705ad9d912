"""The small city of town.py, for every test here."""

import pytest

from tests.builders.town import Town, database_dsn, empty, make_town

__all__ = ["database_dsn", "empty", "town"]


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()
