"""A backup is made while people post: it is the city of one instant."""

import json
from pathlib import Path

import pytest

from civic.backups.verify import find_damaged_photos
from civic.config import Config
from civic.media.store import Store
from tests.backups.cities import fetch_value, run, start
from tests.builders.riverside import limit_posts, photo_field, send_form
from tests.clients import Client
from tests.media.pictures import encoded, scene

pytestmark = [pytest.mark.usefixtures("riverside"), pytest.mark.slow]


async def test_posts_come_in(config: Config, database: str, blank_url: str, citizen: Client, tmp_path: Path) -> None:
    """What was there when it began is in it; of what came meanwhile, whole reports with their photos or nothing."""
    file, before, sent = tmp_path / "city.tar", 3, 0

    async def send() -> None:
        nonlocal sent
        sent += 1
        size = 100 + sent  # each photo is another
        answer = await send_form(
            citizen, text=f"The pothole number {sent}", files=[photo_field(data=encoded(scene(size, size)))]
        )
        assert answer.status_code == 303

    limit_posts(citizen, 1000)
    for _ in range(before):
        await send()
    process = start(config.paths.var, database, "backup", str(file), "--json")
    while process.poll() is None:
        await send()
    said, complained = process.communicate()
    assert process.returncode == 0, complained
    tables = json.loads(said)["tables"]
    assert before <= tables["report"] <= sent
    assert tables["report"] == tables["case_file"] == tables["post_photo"]

    code, said, complained = run(tmp_path / "restored", blank_url, "restore", str(file))
    assert code == 0, complained
    assert "photos are what they were" in said
    assert fetch_value(blank_url, "SELECT count(*) FROM report") == tables["report"]


async def test_a_photo_that_was_lost_before(
    config: Config, database: str, blank_url: str, citizen: Client, tmp_path: Path
) -> None:
    """It is told, and stops neither the backup nor the restore."""
    for size in (101, 102):
        await send_form(citizen, files=[photo_field(data=encoded(scene(size, size)))])
    lost, damaged = sorted(config.media_folder.glob("*/*/*-320.webp"))
    lost.unlink()
    file, var = tmp_path / "city.tar", tmp_path / "restored"
    code, _, complained = run(config.paths.var, database, "backup", str(file))
    assert code == 0
    assert "which the backup lacks, too: 1" in complained
    code, said, complained = run(var, blank_url, "restore", str(file))
    assert code == 0, complained + said
    store = Store(config.media_folder)
    assert await find_damaged_photos(store, lambda share, words: None) == [lost.name[:64]]
    damaged.write_bytes(b"RIFF")
    assert await find_damaged_photos(store, lambda share, words: None) == sorted([lost.name[:64], damaged.name[:64]])
