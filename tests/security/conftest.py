"""Riverside, and the program as it is set up in different ways."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from civic.app import create_app
from civic.config import Config, ConfigSection
from tests.builders.riverside import database_dsn, empty, riverside
from tests.clients import Client
from tests.media.conftest import decoder

__all__ = ["database_dsn", "decoder", "empty", "riverside"]


@pytest.fixture
async def set_up(config: Config, database: str) -> AsyncIterator[Callable[..., Client]]:
    """A function that gives a browser at a program with other settings: `set_up(site={"url": …})`."""
    async with AsyncExitStack() as stack:

        def make(*, base: str = "", **sections: dict[str, Any]) -> Client:
            changed: dict[str, ConfigSection] = {
                name: getattr(config, name).model_copy(update=values) for name, values in sections.items()
            }
            client = Client(create_app(config.model_copy(update=changed)))
            if base:
                client.base_url = base
                client.headers["Origin"] = (sections.get("site") or {}).get("url") or base
            stack.push_async_callback(client.aclose)
            return client

        yield make
