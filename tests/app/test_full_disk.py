"""No space left: 503 and a plain sentence, nothing of the refused form stays, and it is well again with space."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from civic.app import create_app
from civic.config import Config, PathsConfig
from civic.db import execute, fetch
from civic.media.models import Photo
from civic.posts.models import Post
from tests.builders.riverside import database_dsn, empty, photo_field, riverside
from tests.clients import Client

__all__ = ["database_dsn", "empty", "riverside"]

REPORT = {"text": "A deep hole in the lane", "lat": "31.19", "lon": "118.008", "category": "pothole"}
WORDS = {"en": "There is no space left", "zh": "存储空间已满"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("this account may mount no tmpfs, so no disk can be filled here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the space that is left."""
    filler = folder / "filler"
    filler.write_bytes(b"")
    with filler.open("ab") as file:
        file.write(bytes(shutil.disk_usage(folder).free))
    return filler


def files(folder: Path) -> set[Path]:
    return {path for path in (folder / "media").rglob("*") if path.is_file()}


@pytest.mark.usefixtures("database", "riverside")
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_post_that_finds_no_space(config: Config, small: Path, language: str) -> None:
    app = create_app(config.model_copy(update={"paths": PathsConfig(var=small)}))
    async with app.state.decoder, Client(app) as client:
        client.headers["Accept-Language"] = language
        filler = fill(small)
        page = await client.post("/reports", data=REPORT, files=[photo_field()])
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        assert WORDS[language] in page.text
        assert REPORT["text"] in page.text  # what was typed
        said = await client.post("/reports", data=REPORT, files=[photo_field()], headers={"Accept": "application/json"})
        assert (said.status_code, said.json()["error"]) == (503, "StorageFull")
        assert WORDS[language] in said.json()["message"]
        assert (await Photo.all().count(), await Post.all().count(), files(small)) == (0, 0, set())
        filler.unlink()
        assert (await client.post("/reports", data=REPORT, files=[photo_field()])).status_code == 303
        assert len(files(small)) == 3


NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""


@pytest.mark.usefixtures("database", "riverside")
async def test_a_database_without_space(config: Config) -> None:
    """Its error as PostgreSQL raises it, at the insert of the post: the photos go, and what was typed comes back."""
    app = create_app(config)
    await execute(NO_SPACE)
    await execute("CREATE TRIGGER no_space BEFORE INSERT ON post FOR EACH ROW EXECUTE FUNCTION no_space()")
    try:
        async with app.state.decoder, Client(app) as client:
            page = await client.post("/reports", data=REPORT, files=[photo_field()])
            assert page.status_code == 503
            assert WORDS["en"] in page.text
            assert REPORT["text"] in page.text
            assert (await Photo.all().count(), files(config.paths.var)) == (0, set())
    finally:
        await execute("DROP TRIGGER no_space ON post")
        await execute("DROP FUNCTION no_space")
    assert await fetch("SELECT 1 FROM post") == []
