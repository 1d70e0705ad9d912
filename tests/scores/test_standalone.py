"""`verify.py` and the page of proofs: who has only the downloads checks a release and a kept history."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civic.cases import actions as cases
from civic.cases.events import build_hashed_content
from civic.cases.models import Case
from civic.cases.proofs import build_history_file
from civic.db import execute
from civic.scores.actions import publish_release
from civic.scores.bundle import build_verify
from civic.scores.method.release import compute_seal
from civic.scores.models import Release
from civic.scores.periods import parse_span
from tests.builders.histories import HISTORIES
from tests.builders.town import REPORTER, Town, at, database_dsn, empty, make_town  # noqa: F401  # fixtures
from tests.clients import Client
from tests.source import ROOT

JSON = {"Accept": "application/json"}
NAMES = ("release.json", "assignments.csv", "ratings.csv", "chains.csv")
FIRST, SECOND = "2026-11-01-to-2026-11-10", "2026-11"
Proof = dict[str, object]


@pytest.fixture
async def town(database: str) -> Town:
    town = await make_town()
    for name in ("solved", "passed on", "declined"):
        await HISTORIES[name](town)
    return town


@pytest.fixture
async def releases(town: Town) -> list[Release]:
    """Two, the second made after the first."""
    with at("2026-12-15 08:00"):
        return [await publish_release(parse_span(FIRST)), await publish_release(parse_span(SECOND))]


async def keep_history(number: str) -> Proof:
    return await build_history_file(await Case.get(number=number))


async def solved_case() -> Case:
    return await Case.get(status="resolved")


async def download(client: Client, release_id: str, folder: Path) -> Path:
    """The downloads of a release in an empty folder, with verify.py."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # a test's own folder
    for name in NAMES:
        (folder / name).write_bytes((await client.get(f"/scores/releases/{release_id}/{name}")).content)
    (folder / "verify.py").write_bytes((await client.get("/scores/verify.py")).content)
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run it without any package, and without the program's own code."""
    command = [sys.executable, "-I", "-S", "verify.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def rewrite(path: Path, seal: bool = False, **changes: object) -> None:
    document = json.loads(path.read_bytes()) | changes
    if seal:
        document["seal"] = compute_seal(document)
    path.write_text(json.dumps(document), "utf-8")


# -- releases --------------------------------------------------------------------------------------


async def test_a_release_carries_the_seal_of_the_one_before_it(releases: list[Release]) -> None:
    first, second = releases
    assert first.document["previous"] is None
    assert second.document["previous"] == {"release": FIRST, "seal": first.document["seal"]}
    with at("2026-12-15 08:00"):
        third = await publish_release(parse_span(FIRST), corrects=FIRST, reason="A test.")
    assert third.document["previous"] == {"release": SECOND, "seal": second.document["seal"]}


async def test_the_chain_of_releases_has_no_fork(releases: list[Release]) -> None:
    with pytest.raises(Exception, match="one_release_after_each"):
        await execute(
            "INSERT INTO release (id, starts_at, ends_at, method, made_at, document, reason) "
            "SELECT 'fork', starts_at, ends_at, method, made_at, document, '' FROM release WHERE id = $1",
            SECOND,
        )


async def test_a_release_is_checked_in_an_empty_folder(releases: list[Release], client: Client, tmp_path: Path) -> None:
    folder = await download(client, SECOND, tmp_path / "x")
    code, said = run(folder, "release.json")
    assert (code, re.sub(r"\d+", "N", said.splitlines()[0])) == (0, "N figures verified")
    assert f"the release before ({FIRST}) not checked" in said
    before = await download(client, FIRST, tmp_path / "before")
    (folder / f"release-{FIRST}.json").write_bytes((before / "release.json").read_bytes())
    assert f"the release before ({FIRST}) has the seal that is named here" in run(folder, "release.json")[1]
    rewrite(folder / f"release-{FIRST}.json", seal=True, made_at="2026-12-16T00:00:00Z")
    code, said = run(folder, "release.json")
    assert (code, "ANOTHER" in said) == (1, True)


async def test_without_the_histories_it_says_so(releases: list[Release], client: Client, tmp_path: Path) -> None:
    folder = await download(client, SECOND, tmp_path / "x")
    (folder / "chains.csv").unlink()
    code, said = run(folder, "release.json")
    assert (code, "history not checked" in said) == (0, True)


@pytest.mark.parametrize("name", NAMES)
async def test_a_forged_file_is_found(releases: list[Release], client: Client, tmp_path: Path, name: str) -> None:
    folder = await download(client, SECOND, tmp_path / "x")
    data = (folder / name).read_bytes()
    place = data.rindex(b"2") if b"2" in data else len(data) - 2
    (folder / name).write_bytes(data[:place] + b"7" + data[place + 1 :])
    assert run(folder, "release.json")[0] == 1


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"a":1,"a":2}'])
async def test_what_is_no_release_is_said_so(
    releases: list[Release], client: Client, tmp_path: Path, data: bytes
) -> None:
    folder = await download(client, SECOND, tmp_path / "x")
    (folder / "release.json").write_bytes(data)
    assert run(folder, "release.json")[0] in (1, 2)
    assert run(folder, "proof", "release.json", "release.json")[0] == 2


async def test_what_the_page_prints_works_as_typed(releases: list[Release], client: Client, tmp_path: Path) -> None:
    page = (await client.get("/scores")).text
    [printed] = re.findall(r'<pre class="card command"><code>(.*?)</code></pre>', page, re.DOTALL)
    loop, fetch, verify, check = re.fullmatch(
        r"for name in (.+); do\n  (curl .+)\ndone\n(curl .+)\n(python3 .+)", printed
    ).groups()  # type: ignore[union-attr]
    lines = [fetch.replace("$name", name) for name in loop.split()] + [verify]
    for line in lines:
        address = re.fullmatch(r"curl --fail --remote-name http://[^/]+(/\S+)", line)[1]  # type: ignore[index]
        answer = await client.get(address)
        assert answer.status_code == 200, address
        (tmp_path / address.rsplit("/", 1)[1]).write_bytes(answer.content)
    code, said = run(tmp_path, *check.split()[2:])
    assert (code, "figures verified" in said) == (0, True)


def test_the_program_is_one_file_of_the_standard_library() -> None:
    text = build_verify().decode()
    modules = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert modules <= sys.stdlib_module_names
    compile(text, "verify.py", "exec")


# -- kept histories --------------------------------------------------------------------------------


async def test_a_kept_history_is_found_in_a_release(releases: list[Release], client: Client, tmp_path: Path) -> None:
    folder, case = await download(client, SECOND, tmp_path / "x"), await solved_case()
    (folder / "kept.json").write_text(json.dumps(await keep_history(case.number)))
    code, said = run(folder, "proof", "release.json", "kept.json")
    assert (code, said.splitlines()[0]) == (0, f"{case.number} · {case.events_count} events · {case.head.hex()}")
    assert "in the release, unchanged: it has exactly these events" in said
    with at("2026-12-16 09:00"):
        await cases.dispute(case.id, by=REPORTER, text="No, it is not fixed at all.")
    (folder / "kept.json").write_text(json.dumps(await keep_history(case.number)))
    assert "it was made before your last event" in run(folder, "proof", "release.json", "kept.json")[1]


async def test_a_history_that_went_on_before_the_release_is_followed(
    town: Town, client: Client, tmp_path: Path
) -> None:
    case = await solved_case()
    kept = await keep_history(case.number)
    with at("2026-11-13 09:00"):
        await cases.dispute(case.id, by=REPORTER, text="No, it is not fixed at all.")
    with at("2026-12-15 08:00"):
        await publish_release(parse_span(SECOND))
    folder = await download(client, SECOND, tmp_path / "x")
    (folder / "kept.json").write_text(json.dumps(kept))
    code, said = run(folder, "proof", "release.json", "kept.json")
    assert (code, "not decided" in said) == (1, True)
    address = re.search(r"Fetch (\S+)", said)[1]  # type: ignore[index]
    (folder / "answer.json").write_bytes((await client.get(address)).content)
    (folder / "later.json").write_text(json.dumps(await keep_history(case.number)))
    for name in ("answer.json", "later.json"):
        code, said = run(folder, "proof", "release.json", "kept.json", name)
        assert (code, "later ones that follow them" in said) == (0, True), name
    (folder / "chains.csv").unlink()
    assert run(folder, "proof", "release.json", "kept.json", "answer.json")[0] == 0
    assert run(folder, "proof", "release.json", "kept.json", "later.json")[0] == 2
    assert run(folder, "proof", "release.json", "kept.json")[0] == 2


async def test_a_history_that_was_rewritten_is_found(town: Town, client: Client, tmp_path: Path) -> None:
    """The whole chain is computed anew, as who owns the database can: only who kept the old state sees it."""
    case = await solved_case()
    kept = await keep_history(case.number)
    for table in ("case_event", "case_file"):
        await execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await execute("DELETE FROM case_event WHERE case_id = $1 AND seq = $2", case.id, case.events_count)
    # What the last event was about.
    await execute("DELETE FROM handling WHERE id = (SELECT max(id) FROM handling WHERE case_id = $1)", case.id)
    await execute(
        "UPDATE case_file SET events_count = events_count - 1, head = "
        "(SELECT hash FROM case_event e WHERE e.case_id = $1 ORDER BY seq DESC LIMIT 1) WHERE id = $1",
        case.id,
    )
    for table in ("case_event", "case_file"):
        await execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with at("2026-12-15 08:00"):
        await publish_release(parse_span(SECOND))
    folder = await download(client, SECOND, tmp_path / "x")
    (folder / "kept.json").write_text(json.dumps(kept))
    code, said = run(folder, "proof", "release.json", "kept.json")
    assert (code, "CHANGED" in said) == (1, True)
    page = await client.post(f"/scores/releases/{SECOND}/proof", files=kept_file(kept), headers=JSON)
    assert (page.json()["result"], page.json()["holds"]) == ("changed", False)


# -- the page --------------------------------------------------------------------------------------


def kept_file(kept: object) -> dict[str, tuple[str, bytes, str]]:
    return {"history": ("history.json", json.dumps(kept).encode(), "application/json")}


async def test_the_page_checks_a_kept_history(releases: list[Release], client: Client) -> None:
    case, address = await solved_case(), f"/scores/releases/{SECOND}/proof"
    page = await client.get(address)
    assert (page.status_code, "text/html" in page.headers["content-type"]) == (200, True)
    kept = await keep_history(case.number)
    page = await client.post(address, files=kept_file(kept))
    assert (page.status_code, "Unchanged. The release has exactly these events." in page.text) == (200, True)
    answer = (await client.post(address, files=kept_file(kept), headers=JSON)).json()
    assert answer == {
        "release": SECOND,
        "case": case.number,
        "events": case.events_count,
        "head": case.head.hex(),
        "result": "same",
        "holds": True,
    }
    kept["history"][1]["text"] = "Another text."  # type: ignore[index]
    page = await client.post(address, files=kept_file(kept))
    assert (page.status_code, "it was changed: the text of event 2" in page.text) == (422, True)
    assert (await client.post(address)).status_code == 422
    kept["case"] = "\ud800"  # half a character: no answer could quote it
    for wanted in ({}, JSON):
        assert (await client.post(address, files=kept_file(kept), headers=wanted)).status_code == 422
    assert (await client.post("/scores/releases/2020/proof", files=kept_file(kept))).status_code in (404, 422)


@pytest.mark.parametrize("query", ["?case=", "?case=26-0", "?case=26-0&receipt=xyz"])
async def test_the_proof_of_a_case_is_always_json(releases: list[Release], client: Client, query: str) -> None:
    answer = await client.get(f"/scores/releases/{SECOND}/proof{query}", headers={"Accept": "text/html"})
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error", "message", "fields"}


# -- the method page -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["method.md", "method.zh.md"])
def test_the_method_page_names_the_fields_that_a_hash_covers(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8").split("{#history}")[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    now = datetime(2026, 11, 30, tzinfo=UTC)
    content = build_hashed_content(
        "26-1",
        1,
        now,
        "x",
        actor_kind="system",
        department=None,
        from_status="",
        to_status="",
        internal=False,
        text_hash=bytes(32),
        data={},
    )
    assert named == set(content)


async def test_what_pages_say_of_the_check_leads_to_the_method_page(client: Client) -> None:
    assert 'id="history"' in (await client.get("/scores/method")).text
