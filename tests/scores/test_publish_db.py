"""From the database to the files, and back: published, kept for ever, corrected, checked by anybody."""

import gzip
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError

from civic import chain
from civic.cases import actions as cases
from civic.cases.models import Case, CaseEvent
from civic.db import execute
from civic.errors import Conflict, Invalid, NotFound
from civic.scores import queries
from civic.scores.actions import publish_release
from civic.scores.chains import read_chains
from civic.scores.method.release import read_release
from civic.scores.method.spans import Span
from civic.scores.models import Release, ReleaseFile
from civic.scores.periods import parse_span
from civic.scores.verify import verify_folder, verify_release
from tests.builders.histories import HISTORIES
from tests.builders.town import REPORTER, Town, at, database_dsn, empty, make_town  # noqa: F401  # fixtures
from tests.forked import run_forked
from tests.source import ROOT

NOVEMBER = parse_span("2026-11")
DAYS = "2026-11-09-to-2026-11-12"
FILES = ["release.json", "assignments.csv", "ratings.csv", "chains.csv"]


@pytest.fixture
async def town(database: str) -> Town:
    """With three cases of November."""
    town = await make_town()
    for name in ("solved", "passed on", "declined"):
        await HISTORIES[name](town)
    await execute("UPDATE post SET email_confirmed_at = created_at")
    return town


@pytest.fixture
async def november(town: Town) -> Release:
    with at("2026-12-15 08:00"):
        return await publish_release(NOVEMBER)


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / "release.json"


async def test_what_is_published_can_be_verified(november: Release, tmp_path: Path) -> None:
    assert november.id == "2026-11"
    files = await queries.get_files(november.id)
    assert list(files) == FILES
    document = read_release(files["release.json"])
    assert document == november.document == await queries.get_document(november.id)
    assert document["results"]["departments"]["roads"]["counted"] == 3
    check = verify_release(document, files["assignments.csv"], files["ratings.csv"])
    assert check.discrepancies == []
    assert check.verdict == f"{check.figures} figures verified; history not checked: chains.csv is not beside"
    read, check = verify_folder(written(tmp_path, files), tmp_path)
    assert (read, check.discrepancies, check.unchecked) == (document, [], [])


@pytest.mark.parametrize("name", FILES[1:])
async def test_one_changed_digit_is_found(november: Release, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, await queries.get_files(november.id))
    data = (tmp_path / name).read_bytes()
    place = data.rindex(b"0")
    (tmp_path / name).write_bytes(data[:place] + b"1" + data[place + 1 :])
    assert verify_folder(path, tmp_path)[1].discrepancies


async def test_the_weights_are_the_citys(town: Town) -> None:
    await execute(
        """UPDATE city SET settings = settings || '{"minimums": {"indicator": 1, "assignments": 1, "indicators": 1},"""
        """ "weights": {"response": 1, "resolution": 0, "speed": 0, "satisfaction": 0, "ownership": 0}}'"""
    )
    queries.city.clear()
    with at("2026-12-15 08:00"):
        made = await publish_release(NOVEMBER)
    roads = made.document["results"]["departments"]["roads"]
    assert made.document["weights"]["response"] == 1
    assert roads["composite"]["value"] == 100 * roads["indicators"]["response"]["value"]


async def test_a_release_never_changes(november: Release) -> None:
    for statement in (
        "UPDATE release SET reason = 'x'",
        "DELETE FROM release",
        "UPDATE release_file SET content = ''",
        "DELETE FROM release_file",
    ):
        with pytest.raises(IntegrityError, match="never changes"):
            await execute(statement)
    assert await ReleaseFile.filter(release_id=november.id).count() == len(FILES)


async def test_what_happens_later_changes_nothing(november: Release, town: Town) -> None:
    before = await queries.get_files(november.id)
    case = await Case.filter(status="resolved").first()
    assert case
    with at("2026-12-15 09:00"):
        await cases.dispute(case.id, by=REPORTER, text="No, it is not fixed.")
    assert await queries.get_files(november.id) == before


async def test_a_correction_is_a_new_release(november: Release, town: Town) -> None:
    case = await Case.filter(status="resolved").first()
    assert case
    with at("2026-12-16 08:00"):
        await cases.exclude(case.id, by=town.desk)
        with pytest.raises(Conflict):
            await publish_release(NOVEMBER)
        with pytest.raises(Invalid):
            await publish_release(NOVEMBER, corrects="2026-11", reason=" ")
        with pytest.raises(Invalid):
            await publish_release(parse_span("2026-10"), corrects="2026-11", reason="Wrong month.")
        with pytest.raises(NotFound):
            await publish_release(NOVEMBER, corrects="2026-11-r7", reason="Unknown.")
        second = await publish_release(NOVEMBER, corrects="2026-11", reason="One case was a test.")
        with pytest.raises(Conflict, match="r2"):
            await publish_release(NOVEMBER, corrects="2026-11", reason="It is there again.")
        third = await publish_release(NOVEMBER, corrects="2026-11-r2", reason="It is there again.")
    assert [second.id, third.id] == ["2026-11-r2", "2026-11-r3"]
    assert second.document["replaces"] == "2026-11"
    assert second.document["reason"] == "One case was a test."
    assert second.document["results"]["departments"]["roads"]["counted"] == 2
    assert [one.replaced_by for one in await queries.list_releases()] == [None, "2026-11-r3", "2026-11-r2"]
    latest = await queries.find_release()
    assert latest
    assert latest.entry.id == "2026-11-r3"


async def test_a_release_waits_until_every_solution_is_confirmed_or_disputed(town: Town) -> None:
    """`confirm_days` + 1 days after its period: a solution of the last minute can be disputed until then."""
    for text, too_early, early_enough in (
        ("2026-11", "2026-12-11 23:59", "2026-12-12 00:00"),
        ("2026-11-09..2026-11-12", "2026-11-23 23:59", "2026-11-24 00:00"),
    ):
        with at(too_early), pytest.raises(Invalid) as refused:
            await publish_release(parse_span(text))
        assert early_enough[:10] in str(refused.value.fields["period"])
        with at(early_enough):
            assert (await publish_release(parse_span(text))).document["confirm_days"] == 10
    with at("2026-12-12 00:00"), pytest.raises(Invalid):
        await publish_release(parse_span("2026"))


async def test_a_quarter_has_the_twelve_months_beside_it(town: Town) -> None:
    """They are of the same files, and only they have ranks."""
    with at("2027-01-12 00:00"):
        made = await publish_release(parse_span("2026-q4"))
    twelve = made.document["twelve_months"]
    assert twelve["period"] == {"from": "2025-12-31T16:00:00Z", "to": "2026-12-31T16:00:00Z"}
    assert list(twelve["results"]["departments"]) == ["parks", "roads", "water"]
    files = await queries.get_files(made.id)
    assert verify_release(made.document, files["assignments.csv"], files["ratings.csv"]).discrepancies == []


# -- histories -------------------------------------------------------------------------------------


async def test_a_receipt_is_still_in(november: Release, town: Town) -> None:
    """From the receipt of any event to the head, to the root in the release; also when more has happened since."""
    root, case = bytes.fromhex(november.document["chains"]["root"]), await Case.filter(status="resolved").first()
    assert case
    events = await CaseEvent.filter(case_id=case.id).order_by("seq")
    with at("2026-12-15 09:00"):
        await cases.dispute(case.id, by=REPORTER, text="No, it is not fixed.")
    proof = await queries.prove_history(november.id, case.number)
    path = chain.InclusionProof(proof["index"], proof["size"], tuple(map(bytes.fromhex, proof["path"])))
    published_head = bytes.fromhex(proof["head"])
    for event in events:
        digests = await queries.list_digests(case.number, bytes(event.hash), published_head)
        head = chain.follow_chain(bytes(event.hash), digests)
        assert chain.verify_inclusion(chain.head_leaf(case.number, head), path, root)
    later = await CaseEvent.filter(case_id=case.id).order_by("-seq").first()
    assert later
    for receipt in (bytes(later.hash), bytes(32)):
        with pytest.raises(NotFound):
            await queries.list_digests(case.number, receipt, published_head)
    with pytest.raises(NotFound):
        await queries.prove_history(november.id, "26-0")


async def test_the_published_heads_make_the_root(november: Release) -> None:
    histories = read_chains((await queries.get_files(november.id))["chains.csv"])
    assert november.document["chains"] == {"root": histories.tree.root.hex(), "size": 3}


@pytest.mark.parametrize("data", [b"", b"case,head", b"case,head\n1,ff\n", b"case,head\n1\n", b"x\n"])
def test_a_file_that_is_no_list_of_heads(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_chains(data)


# -- periods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "last", "release_id"),
    [
        ("2024", "2024-01-01", "2024-12-31", "2024"),
        ("2024-q4", "2024-10-01", "2024-12-31", "2024-q4"),
        ("2024-Q1", "2024-01-01", "2024-03-31", "2024-q1"),
        ("2024-02", "2024-02-01", "2024-02-29", "2024-02"),
        ("2024-12-01..2024-12-31", "2024-12-01", "2024-12-31", "2024-12"),
        ("2024-03-01..2024-03-14", "2024-03-01", "2024-03-14", "2024-03-01-to-2024-03-14"),
        ("2024-02-01..2024-04-30", "2024-02-01", "2024-04-30", "2024-02-01-to-2024-04-30"),
    ],
)
def test_periods_as_people_name_them(text: str, first: str, last: str, release_id: str) -> None:
    span = parse_span(text)
    assert (str(span.first), str(span.last), span.id) == (first, last, release_id)
    assert parse_span(span.id) == span


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2024-q5", "2024-02-30..2024-03-01", "2024-03-02..2024-03-01"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(Invalid):
        parse_span(text)


def test_a_day_whose_midnight_the_clocks_skip() -> None:
    """Santiago's clocks went from 24:00 to 01:00 on 8 September 2024."""
    from zoneinfo import ZoneInfo

    span = Span(datetime(2024, 9, 8).date(), datetime(2024, 9, 8).date())  # noqa: DTZ001  # a date
    start, end = span.instants(ZoneInfo("America/Santiago"))
    assert (start, end) == (datetime(2024, 9, 8, 4, tzinfo=UTC), datetime(2024, 9, 9, 3, tzinfo=UTC))


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def civic(database_dsn: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:  # noqa: F811
    """Run the command on the test's database, or in an empty environment."""

    def run(*args: str, bare: bool = False) -> subprocess.CompletedProcess[str]:
        settings = {"CIVIC_DATABASE__URL": database_dsn, "CIVIC_PATHS__VAR": str(tmp_path / "var")}
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **({} if bare else settings)}
        return run_forked("scores", *args, environment=environment, cwd=tmp_path)

    return run


async def test_from_the_command_line(
    town: Town, civic: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The days of the town's work are past by the machine's clock."""
    made = civic("publish", "--from", "2026-11-09", "--to", "2026-11-12", "--out", "out", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["release"] == DAYS
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    again = civic("publish", "2026-11-09..2026-11-12")
    assert (again.returncode, again.stdout) == (1, "")
    assert "published already" in again.stderr
    assert civic("publish", "--correct", DAYS, "--reason", "A test.").returncode == 0
    assert [one["release"] for one in json.loads(civic("list", "--json").stdout)] == [f"{DAYS}-r2", DAYS]
    assert json.loads(civic("show", DAYS, "--json").stdout)["release"] == DAYS
    assert "roads" in civic("show").stdout
    checked = civic("verify", "out/release.json", "--data", "out", bare=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.endswith(" figures verified\nthe first release: no release before it\n")
    for name in FILES[1:3]:
        kept = (tmp_path / "out" / name).read_bytes()
        (tmp_path / "out" / name).write_bytes(kept[::-1].replace(b"0", b"1", 1)[::-1])
        wrong = civic("verify", "out/release.json", "--data", "out", bare=True)
        assert wrong.returncode == 1
        assert f'$.files["{name}"].sha256' in wrong.stdout
        (tmp_path / "out" / name).write_bytes(kept)


def test_verify_says_what_it_cannot_read(
    civic: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    found = civic("verify", "release.json", bare=True)
    assert (found.returncode, found.stderr) == (1, "release.json cannot be read: No such file or directory\n")
    for name, data in (("release.json", "[]"), ("assignments.csv", ""), ("ratings.csv", "")):
        (tmp_path / name).write_text(data)
    assert "is no release" in civic("verify", "release.json", bare=True).stderr
    (tmp_path / "release.json").write_text("{}")
    assert civic("verify", "release.json", bare=True).returncode == 1


async def test_files_are_kept_packed(november: Release) -> None:
    found = await queries.get_file(november.id, "assignments.csv")
    assert gzip.decompress(found.content) == (await queries.get_files(november.id))["assignments.csv"]
    with pytest.raises(NotFound):
        await queries.get_file(november.id, "other.csv")
