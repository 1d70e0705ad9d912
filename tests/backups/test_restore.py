"""A city comes back from its backup as it was, wherever it is restored to, and nowhere where something is."""

import gzip
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civic.backups.actions import open_backup
from civic.backups.archive import check_archive, write_archive
from civic.backups.target import TargetFolder, check_database
from civic.config import Config, PathsConfig
from civic.db import connect, execute
from civic.errors import SetupError
from civic.postgres import programs
from civic.postgres.cluster import Cluster
from civic.postgres.folders import account
from civic.postgres.server import acquire
from tests.backups.cities import count_rows, fetch_value, run
from tests.backups.conftest import BackedUp
from tests.live import ROOT, environment, prepare

MakeDatabase = Callable[..., str]


def nothing(share: float, words: str) -> None:
    assert share <= 1, words


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_says_what_is_in_it(backed_up: BackedUp) -> None:
    manifest = backed_up.manifest
    assert manifest["tables"] == count_rows(backed_up.url)
    assert manifest["tables"]["report"] > 100
    assert manifest["photos"] == {
        "files": len(files(backed_up.var / "media")),
        "bytes": sum(map(len, files(backed_up.var / "media").values())),
        "missing": 0,
    }
    code, said, _ = run(backed_up.var, backed_up.url, "restore", "--check", str(backed_up.file))
    assert code == 0
    assert "is whole: Riverside as of" in said
    settings = check_archive(backed_up.file, nothing).small["settings.toml"].decode()
    assert "# url was set" in settings
    assert backed_up.url not in settings


def test_another_server_and_folder(backed_up: BackedUp, blank_url: str, tmp_path: Path) -> None:
    """And from there once more, so that what a restored city is backed up to is the same."""
    var, url = tmp_path / "var", blank_url
    code, said, complained = run(var, url, "restore", str(backed_up.file))
    assert code == 0, complained
    histories = f"{backed_up.manifest['tables']['case_file']:,} histories"
    assert f"{histories} and every seal hold; photos are what they were" in said
    assert count_rows(url) == backed_up.manifest["tables"]
    assert files(var / "media") == files(backed_up.var / "media")
    assert (var / "secret.key").read_bytes() == (backed_up.var / "secret.key").read_bytes()
    assert not (var / "restore.unfinished").exists()
    code, said, complained = run(var, url, "backup", str(tmp_path / "again.tar"), "--json")
    assert code == 0, complained
    again = json.loads(said)
    assert (again["tables"], again["photos"]) == (backed_up.manifest["tables"], backed_up.manifest["photos"])
    assert fetch_value(url, "SELECT count(*) FROM search_dirty") > 0
    numbers = "SELECT count(*) FROM search_dirty WHERE xact < pg_current_xact_id()"
    assert fetch_value(url, numbers) == 0, "a mark could be taken for one of a transaction to come"


# --- an older server, an older program ------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="civic-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_an_older_server(backed_up: BackedUp, open_folder: Path) -> None:
    """The oldest PostgreSQL that the wheel brings, as the embedded one."""
    var = open_folder / "var"
    home = var / "postgres"
    home.mkdir(parents=True)
    oldest = min(programs.installed().items())
    owner = account(home, "nobody")
    cluster = Cluster(home, owner, programs.runnable(oldest[1], home, owner), ("root",))
    command = [cluster.programs / "initdb", "-D", cluster.data, "-U", "civic", "-A", "peer", "-E", "UTF8", "--locale=C"]
    home.chmod(0o777)
    subprocess.run(command, check=True, capture_output=True, **owner.options())
    home.chmod(0o755)
    single = [cluster.programs / "postgres", "--single", "-D", cluster.data, "postgres"]
    subprocess.run(single, input=b"CREATE DATABASE civic\n", check=True, capture_output=True, **owner.options())
    code, _, complained = run(var, "", "restore", str(backed_up.file))
    assert code == 0, complained
    with acquire(var) as handle:
        assert fetch_value(handle.url(), "SHOW server_version").startswith(str(oldest[0]))
        assert count_rows(handle.url()) == backed_up.manifest["tables"]


def test_what_a_newer_program_made(backed_up: BackedUp, tmp_path: Path) -> None:
    archive = check_archive(backed_up.file, nothing)
    changed = dict(archive.small)
    manifest = json.loads(changed["manifest.json"])
    manifest["migrations"].append("9999_from_tomorrow")
    changed["manifest.json"] = json.dumps(manifest).encode()
    with write_archive(tmp_path / "newer.tar") as file:
        for name, data in changed.items():
            if not name.startswith("civic-backup"):
                file.add(name, data)
        file.finish()
    with pytest.raises(SetupError, match=r"newer program \(0\.1\.0, 9999_from_tomorrow\)"):
        open_backup(tmp_path / "newer.tar", nothing)


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_made_up_backup_runs_no_program(backed_up: BackedUp, blank_url: str, tmp_path: Path, place: str) -> None:
    """psql has commands of its own, such as a shell, and restoring is often done by root."""
    found, made_up, witness = check_archive(backed_up.file, nothing), tmp_path / "made-up.tar", tmp_path / "witness"
    command = f"\\! touch {witness}\n".encode()
    with write_archive(made_up) as file:
        for name in ("secret.key", "settings.toml", "erasures.log"):
            file.add(name, found.small[name])
        parts = [gzip.decompress(b"".join(one.data for one in found.read("database/")))]
        if place == "last":  # after the line by which the dump itself opens such commands again
            assert re.search(rb"\\unrestrict \w+\s*\Z", parts[0])
        parts.insert(0 if place == "first" else 1, command)
        file.add("database/00000001.sql.gz", gzip.compress(b"".join(parts), 1))
        file.add("manifest.json", found.small["manifest.json"])
        file.finish()
    code, _, complained = run(tmp_path / "var", blank_url, "restore", str(made_up))
    assert code == 2
    assert "backslash commands are restricted" in complained or "wrong key" in complained
    assert not witness.exists()
    assert fetch_value(blank_url, "SELECT to_regclass('post')") is None


NEXT_MIGRATION = """
from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("civic", "{last}")]
    operations = [ops.RunSQL("CREATE TABLE added_later (id int)")]
"""


def test_what_an_older_program_made_is_migrated(backed_up: BackedUp, blank_url: str, tmp_path: Path) -> None:
    var, url, newer = tmp_path / "var", blank_url, tmp_path / "newer"
    shutil.copytree(ROOT / "civic", newer / "civic", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "templates"):
        (newer / name).symlink_to(ROOT / name)
    last, migrations = backed_up.manifest["migrations"][-1], len(backed_up.manifest["migrations"])
    (newer / "civic" / "migrations" / "9999_added.py").write_text(NEXT_MIGRATION.format(last=last))
    prepare(var)
    subprocess.run(
        [sys.executable, "-P", "-m", "civic", "restore", str(backed_up.file)],
        env=environment(var, url) | {"PYTHONPATH": str(newer)},
        check=True,
    )
    assert count_rows(url) == backed_up.manifest["tables"] | {"added_later": 0, "tortoise_migrations": migrations + 1}


# --- where something is ---------------------------------------------------------------------------------------------


def test_a_city_is_not_replaced(backed_up: BackedUp, tmp_path: Path) -> None:
    """Nothing is changed by the attempt."""
    rows = count_rows(backed_up.url)
    code, _, complained = run(tmp_path / "empty", backed_up.url, "restore", str(backed_up.file))
    assert code == 2
    assert "The database is not empty" in complained
    assert count_rows(backed_up.url) == rows
    assert {path.name for path in (tmp_path / "empty").iterdir()} == {"config.toml", "serve.lock"}


async def test_a_database_of_something_else(blank_url: str) -> None:
    async with connect(blank_url, 2):
        await check_database()
        await execute("CREATE TABLE invoices (id int)")
        with pytest.raises(SetupError, match=r"not Civic's \(invoices\)"):
            await check_database()


def test_files_of_another_city(backed_up: BackedUp, tmp_path: Path) -> None:
    archive, target = check_archive(backed_up.file, nothing), TargetFolder(Config(paths=PathsConfig(var=tmp_path)))
    target.check(archive)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "photo.webp").touch()
    with pytest.raises(SetupError, match="has photos"):
        target.check(archive)
    (tmp_path / "secret.key").write_bytes(b"another city's key, of 32 bytes!")
    with pytest.raises(SetupError, match="another city's files"):
        target.check(archive)


def test_a_database_that_only_has_its_tables(backed_up: BackedUp, make_database: MakeDatabase, tmp_path: Path) -> None:
    """As after a command that looked whether everything is set up; and what is left of the same city's files stays."""
    var, url = tmp_path / "var", make_database("tables")
    shutil.copytree(backed_up.var, var)
    (var / "media" / "ff").mkdir(exist_ok=True)
    (var / "media" / "ff" / "later.webp").write_bytes(b"posted after the backup")
    assert run(var, url, "restore", str(backed_up.file))[0] == 0
    assert count_rows(url) == backed_up.manifest["tables"]
    assert (var / "media" / "ff" / "later.webp").exists()


# --- as another account ---------------------------------------------------------------------------------------------


def find_interpreter() -> str:
    """A Python of this version that the account nobody can run."""
    for path in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            subprocess.run([path, "-c", ""], user="nobody", check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    pytest.skip("no interpreter here that another account can run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_a_folder_of_another_account(backed_up: BackedUp, open_folder: Path) -> None:
    """With an embedded database, by an account that is neither root nor the one that made the backup."""
    interpreter, nobody = find_interpreter(), pwd.getpwnam("nobody")
    var, file = open_folder / "var", open_folder / "city.tar"
    prepare(var)
    shutil.copy(backed_up.file, file)
    for path in (var, var / "config.toml", file):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    [site] = {path.parent for path in map(Path, sys.path) for path in [path / "typer"] if path.is_dir()}
    subprocess.run(
        [interpreter, "-P", "-m", "civic", "restore", str(file)],
        env=environment(var, "") | {"PYTHONPATH": f"{ROOT}:{site}", "HOME": str(open_folder)},
        user="nobody",
        group="nogroup",
        extra_groups=[],
        cwd="/",
        check=True,
    )
    assert {path.stat().st_uid for path in var.rglob("*")} == {nobody.pw_uid}
    assert files(var / "media") == files(backed_up.var / "media")
    with acquire(var) as handle:
        assert count_rows(handle.url()) == backed_up.manifest["tables"]
