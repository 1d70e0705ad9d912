"""Killed, or out of disk: there is no backup, or a whole one; and a city that is half restored is served by nobody."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backups.cities import count_rows, fetch_value, kill_when, run, start
from tests.backups.conftest import BackedUp

SERVING = ("serve", "--as-root", "--port", "0")
HALF = "A backup is being restored here, or that was cut off"
LOADS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'civic backup'"
LOADED = "SELECT to_regclass('unfinished_restore')"


def test_a_backup_that_is_killed(backed_up: BackedUp, tmp_path: Path) -> None:
    file, draft = tmp_path / "city.tar", tmp_path / "city.tar.part"
    whole = backed_up.file.stat().st_size
    for size in (1, whole // 3, whole - 20_000):
        process = start(backed_up.var, backed_up.url, "backup", str(file))
        kill_when(process, lambda least=size: draft.exists() and draft.stat().st_size >= least)  # type: ignore[misc]
        assert not file.exists()
    code, _, complained = run(backed_up.var, backed_up.url, "backup", str(file))
    assert code == 0, complained
    assert [path.name for path in tmp_path.iterdir()] == ["city.tar"]


def test_a_restore_that_is_killed(backed_up: BackedUp, blank_url: str, tmp_path: Path) -> None:
    """At four points, each time by the try that finds what the one before it left."""
    var, url = tmp_path / "var", blank_url
    points: list[tuple[Callable[[], object], tuple[str, ...]]] = [
        ((var / "restore.unfinished").exists, SERVING),
        (lambda: any((var / "media").glob("*/*/*.webp")), ("user", "list")),
        (lambda: fetch_value(url, LOADS), ("load", "nowhere")),
        (lambda: fetch_value(url, LOADED), SERVING),
    ]
    for reached, command in points:
        kill_when(start(var, url, "restore", str(backed_up.file)), reached)
        code, _, complained = run(var, url, *command)
        assert (code, HALF in complained) == (2, True), complained
        while fetch_value(url, LOADS):
            time.sleep(0.002)
        assert fetch_value(url, LOADED) or count_rows(url) == {}, "the end of what psql reads ends no transaction"
    code, _, complained = run(tmp_path / "another host", url, *SERVING)
    assert (code, HALF in complained) == (2, True), "the database says so itself"
    code, said, complained = run(var, url, "restore", str(backed_up.file))
    assert code == 0, complained
    assert "every seal hold" in said
    assert count_rows(url) == backed_up.manifest["tables"]


# --- a full disk ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory of less than the city's photos need."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this account may not mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(backed_up: BackedUp, blank_url: str, small_disk: Path) -> None:
    code, _, complained = run(backed_up.var, backed_up.url, "backup", str(small_disk / "city.tar"))
    assert code == 2
    assert complained.strip() == f"The backup {small_disk / 'city.tar'} cannot be written: No space left on device."
    assert list(small_disk.iterdir()) == []

    var, url = small_disk / "var", blank_url
    code, _, complained = run(var, url, "restore", str(backed_up.file))
    assert code == 2
    assert complained.strip() == "The photos cannot be written: No space left on device."
    assert count_rows(url) == {}
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    code, _, complained = run(var, url, "restore", str(backed_up.file))
    assert code == 0, complained
    assert count_rows(url) == backed_up.manifest["tables"]
