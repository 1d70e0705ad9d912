"""Decoders that leave no process behind, and the real files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from civic.media.decoder import Decoder
from civic.media.store import Store


@pytest.fixture
async def decoder() -> AsyncIterator[Decoder]:
    async with Decoder(waiting=1000, patience=600, seconds=60) as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "media")


@pytest.fixture(scope="session")
def samples(data: Path) -> list[Path]:
    """Every file of the two collections of photos, good and hostile."""
    folders = [data / "images-exif", data / "images-heif-fuzz"]
    for folder in folders:
        if not folder.is_dir():
            pytest.skip(f"{folder} is not there; CIVIC_TEST_DATA says where the data is")
    return sorted(p for f in folders for p in f.rglob("*") if p.is_file() and p.suffix not in (".md", ".csv"))
