from pathlib import Path

import pytest

from tests.builders.harbour import Harbour


@pytest.fixture
def harbour(tmp_path: Path, database: str) -> Harbour:
    """The made-up town's old system, and an empty database."""
    return Harbour(tmp_path)
