"""The small city of town.py, for every test here."""

import pytest

from tests.cases.town import Town, make_town


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()
