"""The whole program, asked over HTTP in this process."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from civic.app import create_app
from civic.config import Config

SITE = "http://civic.test"


@pytest.fixture
async def client(config: Config, database: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A program at another computer: its cookies are kept, redirects are not followed."""
    transport = httpx2.ASGITransport(create_app(config), client=("203.0.113.7", 40000))
    async with httpx2.AsyncClient(transport=transport, base_url=SITE) as one:
        yield one
