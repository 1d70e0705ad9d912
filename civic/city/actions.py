"""Telling every process that the city or its catalogue changed."""

from civic.city.queries import city
from civic.db import execute

BUMP_VERSION = "UPDATE city SET version = version + 1"


async def bump_version() -> None:
    """Raise the version of what is loaded, so that every process reads the catalogue again; joins a transaction."""
    await execute(BUMP_VERSION)
    city.clear()
