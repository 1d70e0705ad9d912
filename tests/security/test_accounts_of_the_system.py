"""Which accounts the program has, on the machine and in the database, and what they may do."""

import json
import os
import pwd
import secrets
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from civic.cli.protection import check_protection, describe_decoder
from civic.config import Config, PathsConfig, ServerConfig, SiteConfig, load_config
from civic.media.confinement import LANDLOCK, SECCOMP
from civic.media.store import Store, key_of
from civic.postgres.server import acquire
from civic.privileges import check_root
from tests.builders.riverside import BELL_TOWER, HOLE
from tests.live import ROOT, command, environment, prepare, serving

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="civic-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


# --- root -----------------------------------------------------------------------------------------------------------


def serve(var: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`civic serve` of a database that is not there: it ends, at the latest, when it would reach that."""
    prepare(var)
    return subprocess.run(
        [sys.executable, "-P", "-m", "civic", "serve", "--port", "0", *arguments],
        env=environment(var, "postgres://x@127.0.0.1:1/x") | settings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@root_only
def test_root_serves_only_where_that_is_said(tmp_path: Path) -> None:
    refused = serve(tmp_path)
    assert refused.returncode == 2
    assert "does not serve as root" in refused.stderr
    assert "--as-root" in refused.stderr
    asked = serve(tmp_path, "--as-root")
    assert "Civic runs as root" in asked.stderr
    assert "No PostgreSQL answers" in asked.stderr


def test_others_are_asked_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    check_root(Config(), allowed=False)
    assert capsys.readouterr().err == ""


@root_only
@pytest.mark.parametrize(
    ("user", "said"), [("no-such-account", "no account of this machine"), ("root", "names root itself")]
)
def test_an_account_that_cannot_be_taken(tmp_path: Path, user: str, said: str) -> None:
    ended = serve(tmp_path, CIVIC_SERVER__USER=user)
    assert ended.returncode == 2
    assert said in ended.stderr


@root_only
def test_a_folder_of_another_account_is_not_taken(open_folder: Path) -> None:
    ended = serve(open_folder / "var", CIVIC_SERVER__USER="nobody")
    assert ended.returncode == 2
    assert f"chown -R nobody {open_folder / 'var'}" in ended.stderr


BECOME = """
import json, os, sys
from pathlib import Path
from civic import privileges
from civic.config import load_config
from civic.errors import SetupError

config = load_config()
try:
    privileges.leave_root(config, create=True)
except SetupError as error:  # where the interpreter lies in root's own folder
    assert "cannot read this program" in str(error.message), error
tried = []
for name, attempt in {
    "read the shadow": lambda: open("/etc/shadow").read(),
    "become root again": lambda: os.setuid(0),
    "write beside": lambda: Path(config.paths.var).with_name("beside").touch(),
}.items():
    try:
        attempt()
        tried.append(name)
    except OSError:
        pass
secret = config.secret()
print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), tried, len(secret), os.environ["HOME"]]))
"""


@root_only
def test_root_becomes_the_account(open_folder: Path) -> None:
    """For good, with its groups alone; a new folder is its own, and closed."""
    nobody, var = pwd.getpwnam("nobody"), open_folder / "var"
    done = subprocess.run(
        [sys.executable, "-c", BECOME],
        env=environment(var, "") | {"CIVIC_CONFIG": "", "CIVIC_SERVER__USER": "nobody"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    users, groups, more, tried, length, home = json.loads(done.stdout)
    assert users == [nobody.pw_uid] * 3
    assert groups == [nobody.pw_gid] * 3
    assert set(more) <= {nobody.pw_gid}
    assert (tried, length, home) == ([], 32, nobody.pw_dir)
    assert (var.stat().st_uid, stat.S_IMODE(var.stat().st_mode)) == (nobody.pw_uid, 0o700)


# --- files ----------------------------------------------------------------------------------------------------------


async def test_photos_are_for_the_programs_account_alone(tmp_path: Path) -> None:
    """Whatever the umask is, and where a folder was open before."""
    before = os.umask(0)
    try:
        (tmp_path / "media").mkdir(mode=0o755)
        await Store(tmp_path / "media").put(key_of("ab" * 32, 320), b"RIFF")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "media", *(tmp_path / "media").rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert len(modes) > 3


@pytest.mark.slow
async def test_what_a_command_makes_is_private(tmp_path: Path, empty_database: str) -> None:
    var = tmp_path / "var"
    command(var, empty_database, "check")
    with serving(var, empty_database):
        files = [path for path in var.rglob("*") if path.name not in ("config.toml", "serve.log")]
        open_ones = [path for path in files if path.is_file() and path.stat().st_mode & 0o077]
    assert (var / "secret.key") in files
    assert open_ones == []


# --- the embedded PostgreSQL ----------------------------------------------------------------------------------------

CONNECT = """
import asyncio, os, sys
import asyncpg
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
async def main():
    try:
        await asyncpg.connect(sys.argv[1])
    except (asyncpg.PostgresError, OSError) as error:
        print(type(error).__name__)
    else:
        print("connected")
asyncio.run(main())
"""


@root_only
async def test_the_account_that_roots_server_shares_is_not_let_in(open_folder: Path) -> None:
    """Every other program of `nobody` can enter the folder of the socket; the kernel says who connects."""
    with acquire(open_folder / "var", durable=False) as handle:
        connection = await asyncpg.connect(handle.url())
        assert await connection.fetchval("SELECT current_user") == "civic"
        rules = await connection.fetch("SELECT type, auth_method, options FROM pg_hba_file_rules")
        await connection.close()
        answers = [
            subprocess.run(  # noqa: ASYNC221  # it connects to another process
                [sys.executable, "-c", CONNECT, handle.url(), str(uid)], capture_output=True, text=True, check=False
            ).stdout.strip()
            for uid in (pwd.getpwnam("nobody").pw_uid, 12345)
        ]
        handle.release(wait=True)
    assert [tuple(row) for row in rules] == [("local", "peer", ["map=civic"])]
    assert answers == ["InvalidAuthorizationSpecificationError", "PermissionError"]


# --- the database's accounts ----------------------------------------------------------------------------------------


@pytest.fixture
def new_database(make_database: Callable[..., str]) -> str:
    return make_database("granted")


@pytest.fixture
async def role(new_database: str, tmp_path: Path) -> AsyncIterator[tuple[str, str, str]]:
    """A role that owns nothing, with what `civic migrate --grant` gives it: its name, its database, and the URL; who
    connects there without saying otherwise has that role."""
    url, name = new_database, f"web_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(url)
    database = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"CREATE ROLE {name} LOGIN")
    assert f"The role {name} may do" in command(tmp_path / "var", url, "migrate", "--grant", name)
    await connection.execute(f"ALTER DATABASE {database} SET role = '{name}'")
    yield name, database, url
    await connection.execute(
        f"RESET ROLE; ALTER DATABASE {database} RESET role; DROP OWNED BY {name}; DROP ROLE {name}"
    )
    await connection.close()


@pytest.mark.slow
async def test_a_role_with_grants_alone_runs_the_program(role: tuple[str, str, str], tmp_path: Path) -> None:
    name, _database, url = role
    var = tmp_path / "var"
    command(var, url, "load", str(ROOT / "civic" / "demo" / "pack"))
    checked = json.loads(command(var, url, "check", "--json"))
    assert f"{name} owns no table" in next(one["text"] for one in checked if one["name"] == "rights")
    with serving(var, url) as live:
        answer = httpx2.post(
            f"{live.url}/api/v1/reports", json={"text": HOLE, "category": "pothole", **BELL_TOWER}, timeout=30
        )
    assert answer.status_code == 201
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_user") == name
    for statement in (
        "ALTER TABLE case_event DISABLE TRIGGER ALL",
        "TRUNCATE case_event CASCADE",
        "DROP TABLE case_event CASCADE",
        "DELETE FROM case_event",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine (n int)",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.slow
def test_a_role_that_is_none(new_database: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 2.*no role 'nobody'"):
        command(tmp_path / "var", new_database, "migrate", "--grant", "nobody")


@pytest.mark.slow
async def test_check_says_that_the_account_owns_the_tables(tmp_path: Path, empty_database: str) -> None:
    said = command(tmp_path, empty_database, "check")
    assert "warn   rights         the database's account civic owns the tables" in said
    assert "warn   site           site.url is not set" in said


# --- civic check ----------------------------------------------------------------------------------------------------

GUARDED = {
    "CIVIC_CONFIG": "",
    "CIVIC_SITE__URL": "https://city.example",
    "CIVIC_SERVER__METRICS_TOKEN": "a-token-of-twenty-chars",
}


def warnings(config: Config) -> set[str]:
    return {one.name for one in check_protection(config) if one.warned}


def test_what_is_guarded_is_not_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    config = load_config(GUARDED | {"CIVIC_PATHS__VAR": str(tmp_path)})
    config.secret()
    assert warnings(config) == set()
    assert not describe_decoder([LANDLOCK, SECCOMP], tmp_path).warned


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"site": SiteConfig()}, "site"),
        ({"site": SiteConfig(url="http://city.example")}, "site"),
        ({"server": ServerConfig(trusted_proxies="*")}, "proxies"),
        ({"server": ServerConfig(metrics_token="short")}, "metrics"),
    ],
)
def test_what_could_be_safer_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], warned: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    config = load_config(GUARDED | {"CIVIC_PATHS__VAR": str(tmp_path)}).model_copy(update=change)
    assert warnings(config) == {warned}


def test_it_warns_of_root_and_of_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(GUARDED).model_copy(update={"paths": PathsConfig(var=tmp_path)})
    (tmp_path / "media").mkdir()
    (tmp_path / "media").chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert warnings(config) == {"account", "files"}
    texts = " ".join(one.text for one in check_protection(config))
    assert str(tmp_path / "media") in texts
    assert "PostgreSQL runs as nobody" in texts


@pytest.mark.parametrize("confined", [[], [SECCOMP], [LANDLOCK]])
def test_it_warns_of_what_the_kernel_lacks(tmp_path: Path, confined: list[str]) -> None:
    said = describe_decoder(confined, tmp_path)
    assert said.good
    assert said.warned
    for name in {LANDLOCK, SECCOMP} - set(confined):
        assert name in said.text
