"""What was erased for good stays erased when a backup of before is restored."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from civic import erasures
from civic.backups.erasures import repeat_erasures
from civic.cases.actions import erase_event_text
from civic.cases.models import Case, CaseEvent
from civic.config import Config
from civic.db import execute, fetch
from civic.lasting_locks import lock_connection
from civic.media.actions import KEEP_FILES_LOCK, add_photo, attach_photos, delete_pending_photos
from civic.media.decoder import Decoder
from civic.media.models import Photo
from civic.media.store import Store
from civic.posts.models import Comment, Post
from tests.backups.cities import fetch_value, run
from tests.builders.riverside import send_report
from tests.clients import Client
from tests.media.pictures import encoded, scene

pytestmark = pytest.mark.usefixtures("riverside")
SAID = "His number is 555-0100, ask him"


@pytest.fixture
async def comment(client: Client, citizen: Client) -> Comment:
    post = await Post.get(id=(await send_report(client))["id"])
    await citizen.post(f"/posts/{post.id}/comments", data={"text": SAID})
    await citizen.post(f"/posts/{post.id}/comments", data={"text": "It is still there today"})
    return await Comment.filter(text=SAID).get()


async def moderate(dispatcher: Client, act: str, comment: Comment) -> None:
    data = {"post": comment.post_id, "comment": comment.id, "reason": "personal_data"}
    assert (await dispatcher.post(f"/desk/moderation/{act}", data=data)).status_code == 303


def read_log(config: Config) -> str:
    return (config.paths.var / erasures.NAME).read_text()


async def test_the_log_has_no_name_and_no_text(config: Config, dispatcher: Client, comment: Comment) -> None:
    await moderate(dispatcher, "hide", comment)
    assert not (config.paths.var / erasures.NAME).exists()
    await moderate(dispatcher, "erase", comment)
    [line] = read_log(config).splitlines()
    at, kind, digest = line.split()
    assert datetime.fromisoformat(at).tzinfo
    assert kind == "comment"
    assert digest == erasures.digest_erased("comment", str(comment.id), comment.created_at)
    assert (config.paths.var / erasures.NAME).stat().st_mode & 0o777 == 0o600


async def test_what_cannot_be_noted_is_not_erased(config: Config, dispatcher: Client, comment: Comment) -> None:
    await moderate(dispatcher, "hide", comment)
    (config.paths.var / erasures.NAME).mkdir()  # as where the disk is full
    data = {"post": comment.post_id, "comment": comment.id, "reason": "personal_data"}
    assert (await dispatcher.post("/desk/moderation/erase", data=data)).status_code >= 500
    assert (await Comment.get(id=comment.id)).text == SAID


async def test_a_torn_line_is_passed_over() -> None:
    digest = "ab" * 32
    whole = f"2026-11-30T16:00:00Z comment {digest}\n"
    lines = erasures.read_lines(f"{whole}2026-11-30T16:0{whole}{whole}2026-11-30T16:00:00Z line ab")
    assert lines == [whole]
    assert erasures.read_digests(lines, "comment") == {digest}
    assert erasures.read_digests(lines, "line") == set()


async def test_another_thing_of_the_same_number_is_not_meant(config: Config, comment: Comment) -> None:
    """After an older backup was restored, numbers are given again."""
    erasures.note_erasure("comment", str(comment.id), comment.created_at.replace(microsecond=1))
    assert await repeat_erasures(erasures.read_lines(read_log(config))) == 0
    assert (await Comment.get(id=comment.id)).text == SAID


async def add_photo_to_history(config: Config, decoder: Decoder) -> tuple[CaseEvent, str]:
    """An event of the case, with a photo; the case's number."""
    case = await Case.get()
    event = await CaseEvent.get(case=case, seq=1)
    photo, _, _ = await add_photo(encoded(scene()), Store(config.media_folder), decoder)
    await attach_photos([photo])
    await execute("INSERT INTO case_event_photo (case_event_id, photo_id) VALUES ($1, $2)", event.id, photo.id)
    return event, case.number


@pytest.mark.slow
async def test_a_backup_of_before(
    config: Config,
    database: str,
    blank_url: str,
    dispatcher: Client,
    comment: Comment,
    decoder: Decoder,
    tmp_path: Path,
) -> None:
    """A comment, and a line of a history with its photo; the restored city is searched and checked as any other."""
    event, number = await add_photo_to_history(config, decoder)
    file, var = tmp_path / "city.tar", config.paths.var
    code, _, complained = run(var, database, "backup", str(file))
    assert code == 0, complained

    await moderate(dispatcher, "hide", comment)
    await moderate(dispatcher, "erase", comment)
    await erase_event_text(number, event.seq)
    log = tmp_path / "log"
    (var / erasures.NAME).rename(log)

    other, url = tmp_path / "other", blank_url
    code, said, complained = run(other, url, "restore", str(file), "--erasures", str(log), "--json")
    assert code == 0, complained + said
    assert json.loads(said)["erased"] == 2
    assert fetch_value(url, f"SELECT count(*) FROM comment WHERE text = '{SAID}'") == 0
    assert fetch_value(url, "SELECT count(*) FROM comment WHERE text <> '' AND hidden_at IS NULL") == 1
    assert fetch_value(url, f"SELECT comments_count FROM post WHERE id = {comment.post_id}") == 1
    assert fetch_value(url, "SELECT count(*) FROM case_event WHERE text_hash IS NOT NULL") == 1
    assert (len(list((var / "media").glob("*/*/*"))), list((other / "media").glob("*/*/*"))) == (3, [])
    assert set(log.read_text().splitlines()) <= set((other / erasures.NAME).read_text().splitlines())
    code, said, _ = run(other, url, "search", "check")
    assert (code, "0 differ" in said) == (0, True), said


async def test_no_photo_goes_while_a_backup_is_made(config: Config, decoder: Decoder) -> None:
    store = Store(config.media_folder)
    await add_photo(encoded(scene()), store, decoder)
    await Photo.all().update(created_at=datetime.fromisoformat("2020-01-01T00:00:00Z"))
    async with lock_connection() as one, one.lock(KEEP_FILES_LOCK, shared=True):
        async with lock_connection() as another, another.lock(KEEP_FILES_LOCK, shared=True):
            assert await delete_pending_photos(store) == 0
    assert await delete_pending_photos(store) == 1
    assert await fetch("SELECT FROM photo") == []
