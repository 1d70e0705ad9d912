"""Settings: file, environment, and what is said of wrong ones."""

import multiprocessing
import re
import stat
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from civic import config as configuration
from civic.config import Config, PathsConfig, load_config, setting_names
from civic.errors import SetupError
from tests.source import ROOT, python_files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def defaults(folder: Path) -> Config:
    """As they are beside a file in `folder`."""
    return Config(paths=PathsConfig(var=folder / "var"))


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "PROGRAM", tmp_path)
    assert load_config({}) == defaults(tmp_path)
    assert configuration.describe_source({}) == f"no {tmp_path}/config.toml: the defaults"


def test_the_file_beside_the_program_is_read_whatever_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, elsewhere = tmp_path / "program", tmp_path / "elsewhere"
    for folder, port in ((program, 8123), (elsewhere, 9999)):
        folder.mkdir()
        (folder / "config.toml").write_text(f"[server]\nport = {port}\n[paths]\nvar = 'data/city'\n")
    monkeypatch.setattr(configuration, "PROGRAM", program)
    monkeypatch.chdir(elsewhere)
    found = load_config({})
    assert (found.server.port, found.paths.var) == (8123, program / "data" / "city")


def test_relative_paths_start_at_the_files_folder_and_those_of_the_environment_at_ours(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    file.write_text("[paths]\nvar = '../v'\n")
    assert load_config({"CIVIC_CONFIG": "../config.toml"}).paths.var.resolve() == tmp_path.parent / "v"
    assert load_config({"CIVIC_CONFIG": str(file), "CIVIC_PATHS__VAR": "w"}).paths.var == here / "w"
    file.write_text("")
    assert load_config({"CIVIC_CONFIG": str(file)}).paths.var == tmp_path / "var"


def test_where_the_settings_come_from_is_said_without_their_values(file: Path) -> None:
    file.touch()
    environment = {"CIVIC_CONFIG": str(file), "CIVIC_SERVER__PORT": "1", "CIVIC_DATABASE__URL": "postgres://u:pass@h/d"}
    assert configuration.describe_source(environment) == f"{file} and CIVIC_DATABASE__URL, CIVIC_SERVER__PORT"


def test_a_file_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[server]\nport = 8123\n")
    assert load_config({"CIVIC_CONFIG": str(file)}).server.port == 8123


def test_the_environment_wins_over_the_file(file: Path) -> None:
    file.write_text("[server]\nport = 8123\nhost = '::1'\n")
    found = load_config({"CIVIC_CONFIG": str(file), "CIVIC_SERVER__PORT": "9000", "CIVIC_PATHS__VAR": "/srv/c d"})
    assert (found.server.port, found.server.host, found.paths.var) == (9000, "::1", Path("/srv/c d"))


def test_tables_in_the_environment_are_written_as_in_toml() -> None:
    found = load_config({"CIVIC_CONFIG": "", "CIVIC_GEOCODER__OPTIONS": '{user_agent = "our-city", timeout = 3}'})
    assert found.geocoder.options == {"user_agent": "our-city", "timeout": 3}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CIVIC_SERVER__PRT": "1"}, "server.prt: there is no such setting. Did you mean server.port?"),
        ({"CIVIC_SERVR__PORT": "1"}, "servr: there is no such setting. Did you mean server?"),
        ({"CIVIC_SERVER__PORT": "eighty"}, "server.port: Input should be a valid integer"),
        ({"CIVIC_SERVER__PORT": "65536"}, "server.port: Input should be less than or equal to 65535"),
        ({"CIVIC_SERVER__LOG": "xml"}, "server.log: "),
        ({"CIVIC_SERVER": "x"}, "server"),
        ({"CIVIC_GEOCODER__OPTIONS": "{broken"}, "geocoder.options: "),
        ({"CIVIC_ZZZZZZZZ__Q": "x"}, "zzzzzzzz: there is no such setting."),
    ],
)
def test_a_wrong_setting_refuses_to_start_and_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SetupError) as raised:
        load_config(environment)
    assert said in str(raised.value.message)


def test_everything_wrong_is_said_at_once(file: Path) -> None:
    file.write_text("[server]\nhots = 'x'\nport = 'y'\n[limits]\npage = 3\n")
    with pytest.raises(SetupError) as raised:
        load_config({"CIVIC_CONFIG": str(file)})
    for part in (str(file), "Did you mean server.host?", "server.port", "limits.page"):
        assert part in str(raised.value.message)


@pytest.mark.parametrize("text", ["[server", "a = 1\na = 2", "\udcff"])
def test_a_broken_file_is_named(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SetupError, match=r"config\.toml"):
        load_config({"CIVIC_CONFIG": str(file)})


def test_a_file_that_is_named_has_to_exist(file: Path) -> None:
    with pytest.raises(SetupError, match="does not exist"):
        load_config({"CIVIC_CONFIG": str(file)})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().server.port = 1  # type: ignore[misc]


def test_the_password_of_the_database_is_not_shown() -> None:
    assert "pass" not in repr(load_config({"CIVIC_DATABASE__URL": "postgres://u:pass@h/d"}))


def test_the_file_of_the_project_shows_every_setting_with_its_default(file: Path) -> None:
    """Taking each `#` away changes nothing."""
    lines = (ROOT / "config.toml").read_text("utf-8").splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines[2:])
    assert [f"{section}.{key}" for section, keys in tomllib.loads(text).items() for key in keys] == [
        name for name in setting_names() if "." in name
    ]
    file.write_text(text, "utf-8")
    assert load_config({"CIVIC_CONFIG": str(file)}) == defaults(file.parent)


def test_every_setting_has_an_effect() -> None:
    """Something reads it: as `map.tiles`, or as `.options` where a function takes the whole `config.geocoder`."""
    files = [*python_files("civic", "workers"), *(ROOT / "templates").rglob("*.html")]
    source = "\n".join(path.read_text("utf-8") for path in files)
    settings = [name.split(".") for name in setting_names() if "." in name]
    unused = [
        f"{section}.{key}"
        for section, key in settings
        if f"{section}.{key}" not in source
        and not (re.search(rf"config\.{section}\b(?!\.)", source) and re.search(rf"\.{key}\b", source))
    ]
    assert not unused, unused


def test_the_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    config = Config(paths=PathsConfig(var=tmp_path / "var"))
    secret = config.secret()
    assert len(secret) == 32
    assert config.secret() == secret
    files = list((tmp_path / "var").iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    config = Config(paths=PathsConfig(var=tmp_path / "var"))
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_secret, [config] * 8)
    assert set(found) == {config.secret()}


def _secret(config: Config) -> bytes:
    return config.secret()
