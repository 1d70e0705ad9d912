"""Riverside, the made-up city, with what tests put into its index."""

from collections.abc import Awaitable, Callable

import pytest

from civic.search.feed import step
from tests.builders.riverside import database_dsn, empty, riverside

__all__ = ["database_dsn", "empty", "riverside"]


@pytest.fixture
def indexed(riverside: None) -> Callable[[], Awaitable[None]]:
    """A function that puts into the index what changed, as the worker does."""

    async def index() -> None:
        while await step():
            pass

    return index
