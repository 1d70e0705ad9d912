"""`civic reports remove`: the reports of a trial go wholly, the others stay as they are."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from civic import db, timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases.actors import Actor
from civic.cases.history import check_histories
from civic.cases.models import Case
from civic.errors import Conflict
from civic.imports.removal import remove_reports
from civic.packs.actions import load_pack
from civic.reports.merging import merge_reports
from civic.reports.models import Report
from tests.builders.posts import make_person, make_report
from tests.clients import Client
from tests.live import command
from tests.packs.conftest import WritePack, write_pack  # noqa: F401  # a fixture
from tests.search.feeding import documents, whole

OPENING = datetime(2026, 11, 20, tzinfo=UTC)
PLACE = {"lat": 31.05, "lon": 118.05}
# Whatever holds something of a case or a post, or points at what does.
TABLES = (
    *("case_file", "case_event", "case_event_photo", "case_merge", "case_wait", "assignment", "clock", "clock_step"),
    *("report", "post", "post_photo", "comment", "vote", "flag", "moderation", "hidden_line", "message", "delivery"),
    *("search_document", "search_desk_document", "pgqueuer"),
)


async def count_rows() -> dict[str, int]:
    return {name: (await db.fetch(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in TABLES}


@pytest.fixture
async def ana(database: str, write_pack: WritePack) -> Person:  # noqa: F811
    await load_pack(write_pack())
    return await make_person("ana@example.org", name="Ana")


async def make_late_report(ana: Person) -> Report:
    return await make_report(ana, "This one comes after the opening", **PLACE)


async def merge(dispatcher: str, one: Report, into: Report) -> None:
    by = Actor.of(await make_person(dispatcher, Role.DISPATCHER))
    await merge_reports(one.case_id, (await Case.get(id=into.case_id)).number, by=by, seen=None, text="One hole, twice")


async def make_trial(ana: Person, stranger: Client) -> list[Report]:
    """Three reports of the weeks before: one with a comment and a vote, two merged."""
    with timing.at(OPENING - timedelta(days=5)):
        one = await make_report(ana, "A hole that was made up to try this", **PLACE)
        two = await make_report(ana, "The same hole, made up once more", **PLACE)
        three = await make_report(ana, "And another one, some metres away", **PLACE)
        for path, data in (("comments", {"text": "A comment of the trial, for certain"}), ("vote", {})):
            answer = await stranger.post(f"/posts/{one.post_id}/{path}", data=data)
            assert answer.status_code in (201, 303), answer.text
        await merge("dan@example.org", two, three)
    return [one, two, three]


async def test_what_was_posted_before_the_day_is_gone_and_the_rest_is_whole(ana: Person, stranger: Client) -> None:
    kept = await make_late_report(ana)
    await whole()
    before, texts = await count_rows(), len(await documents())
    await make_trial(ana, stranger)
    await whole()
    counted = await remove_reports(OPENING, dry_run=True)
    assert (counted.cases, counted.reports, counted.comments, counted.kept) == (3, 3, 1, 0)
    assert (await count_rows())["case_file"] == before["case_file"] + 3
    assert await remove_reports(OPENING) == counted
    await whole()
    assert await count_rows() == before
    assert len(await documents()) == texts
    assert await Report.exists(id=kept.id)
    async with db.in_transaction():
        assert not (await check_histories()).faults
    with pytest.raises(Exception, match=r"append|refuse|never|histor"):
        await db.execute("DELETE FROM case_event")
    assert (await remove_reports(OPENING)).cases == 0


async def test_a_case_with_a_later_report_stays(ana: Person, stranger: Client) -> None:
    _, _, three = await make_trial(ana, stranger)
    late = await make_late_report(ana)
    await merge("eva@example.org", late, three)
    done = await remove_reports(OPENING)
    assert (done.cases, done.kept) == (1, 3)


async def test_nothing_is_removed_after_the_first_release(ana: Person, stranger: Client) -> None:
    await make_trial(ana, stranger)
    await db.execute(
        "INSERT INTO release (id, starts_at, ends_at, method, made_at, document, reason) "
        "VALUES ('2026-10', now(), now(), '1', now(), '{}', '')"
    )
    with pytest.raises(Conflict, match="none can be removed any more"):
        await remove_reports(OPENING)


async def test_the_command_asks_first(ana: Person, stranger: Client, database: str, tmp_path: Path) -> None:
    await make_trial(ana, stranger)
    arguments = ("reports", "remove", "--before", "2026-11-20")
    with pytest.raises(RuntimeError, match=r"This would remove 3 cases, 3 reports, 1 comments.*Say --yes"):
        command(tmp_path, database, *arguments)
    with pytest.raises(RuntimeError, match="'soon' is no day"):
        command(tmp_path, database, "reports", "remove", "--before", "soon")
    for day in ("9999-12-31", "0001-01-01"):  # a wrong year would remove everything
        with pytest.raises(RuntimeError, match=f"ended with 1:\n--before: {day} is not between"):
            command(tmp_path, database, "reports", "remove", "--before", day, "--yes")
    assert json.loads(command(tmp_path, database, *arguments, "--dry-run", "--json"))["removed"] is False
    assert (await count_rows())["case_file"] == 3
    assert command(tmp_path, database, *arguments, "--yes").startswith("Removed 3 cases, 3 reports")
    assert (await count_rows())["case_file"] == 0
