"""A city with a past, and one backup of it, which most tests share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.backups.cities import run
from tests.builders.riverside import database_dsn, empty, riverside
from tests.media.conftest import decoder

__all__ = ["database_dsn", "decoder", "empty", "riverside"]


@dataclass(frozen=True)
class BackedUp:
    """A city, and the backup that was made of it."""

    file: Path
    manifest: dict[str, Any]
    var: Path
    url: str


@pytest.fixture
def blank_url(make_database: Callable[..., str]) -> str:
    """The URL of a database without tables, to restore to."""
    return make_database("restored", migrated=False)


@pytest.fixture(scope="session")
def backed_up(make_city: Callable[[str], tuple[Path, str]], tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    var, url = make_city("backups")
    file = tmp_path_factory.mktemp("backups") / "city.tar"
    code, said, complained = run(var, url, "backup", str(file), "--json")
    assert code == 0, complained
    return BackedUp(file, json.loads(said), var, url)
