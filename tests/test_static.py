"""The address of a file of static/ changes with the file, at the latest a second later."""

import time
from pathlib import Path

import pytest

from civic import static


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
