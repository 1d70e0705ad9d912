"""Riverside, the made-up city."""

from pathlib import Path

import pytest

import civic.demo
from civic import cache
from civic.admin.pack.loading import load_pack
from civic.geo.models import City


@pytest.fixture
async def riverside(database: str) -> None:
    """Loaded; who does not say otherwise reads English."""
    await load_pack(Path(civic.demo.__file__).parent / "pack")
    await City.filter(id=1).update(languages=["en", "zh"])
    cache.forget_all()
