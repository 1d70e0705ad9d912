"""The address of a file of static/ changes with the file, at the latest a second later."""

import time
from pathlib import Path

import pytest

from civic import static
from tests.clients import Client


def test_a_changed_file_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    assert static.static_url("a.css") == "/static/a.css"  # not there yet
    file = tmp_path / "a.css"
    file.write_text("one")
    first = static.static_url("a.css")
    assert first.startswith("/static/a.css?v=")
    file.write_text("two, and longer")
    later = time.monotonic() + static.LOOK_SECONDS + 0.1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert static.static_url("a.css") not in (first, "/static/a.css")
    monkeypatch.undo()
    static._looked.clear()


async def test_a_script_is_sent_without_its_lines_of_comment(client: Client) -> None:
    for file in (static.FOLDER / "js").glob("*.js"):
        answer = await client.get(f"/static/js/{file.name}")
        lines = file.read_text("utf-8").splitlines()
        assert answer.text.splitlines() == [line for line in lines if not line.lstrip().startswith("//")]
        for at, line in enumerate(lines):
            inside = "\n".join(lines[:at]).count("`") % 2
            assert not (line.lstrip().startswith("//") and inside), f"{file.name}:{at + 1} is a line of a text"
    again = await client.get(f"/static/js/{file.name}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
