"""config.toml and CIVIC_* environment variables -> one frozen Config.

A setting has a name, a type, a default and a help text in one place: here. docs/configure.md lists them all (a test
compares). The file is the one that CIVIC_CONFIG names, else config.toml beside the program; without one, the defaults
hold. Relative paths start at the file's folder, whatever the working directory; those of the environment at the
working directory. `CIVIC_SERVER__PORT=8123` overrides `port` in `[server]`. An unknown key, or a value that does not
fit, refuses to start and names the nearest right key.
"""

import ipaddress
import os
import secrets
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from civic.database_url import read_database_url
from civic.errors import CannotWrite, SetupError
from civic.smtp_url import parse_smtp_url
from civic.suggestions import did_you_mean

PREFIX = "CIVIC_"
PROGRAM = Path(__file__).parents[1]
HALF_RESTORED = "A backup is being restored here, or that was cut off. Run: civic restore FILE"
# Variables that start with CIVIC_ but are not settings: which file to read, and the test suite's own.
NOT_SETTINGS = ("CIVIC_CONFIG", "CIVIC_TEST_", "CIVIC_BENCH_")


def _check_networks(text: str) -> str:
    for one in filter(None, map(str.strip, text.split(","))):
        ipaddress.ip_network(one, strict=False)
    return text


Networks = Annotated[str, AfterValidator(_check_networks)]
"""Addresses and networks with commas between them: "192.0.2.7, 10.0.0.0/8"."""


def _check_database_url(url: SecretStr) -> SecretStr:
    """Raises ValueError, which does not quote the password."""
    if text := url.get_secret_value():
        read_database_url(text)
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]


def _check_smtp_url(url: SecretStr) -> SecretStr:
    if url.get_secret_value():
        parse_smtp_url(url.get_secret_value())
    return url


SmtpUrl = Annotated[SecretStr, AfterValidator(_check_smtp_url)]
"""The address of a mail server, or nothing: `civic/smtp_url.py`."""


class ConfigSection(BaseModel):
    # What is wrong may be an address with a password in it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SiteConfig(ConfigSection):
    url: str = Field(
        "",
        pattern=r"^(https?://[^/?#\s@]+/?)?$",
        description="Public address, https://city.example: for links, cookies, and the only host that is answered.",
    )


class ServerConfig(ConfigSection):
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    processes: int = Field(1, ge=1, le=64, description="Web processes.")
    trusted_proxies: str = Field("127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed.")
    log: str = Field("console", pattern="^(console|json)$", description="Form of the log: console or json.")
    user: str = Field("", description="Account that the program becomes when root starts it.")
    shared_seconds: int = Field(0, ge=0, le=60, description="Seconds for which shared caches keep public pages.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Opens /metrics: Authorization: Bearer TOKEN.")
    metrics_addresses: Networks = Field("", description="Addresses and networks that may read /metrics, with commas.")


class PathsConfig(ConfigSection):
    var: Path = Field(Path("var"), description="Everything that the program writes goes under this folder.")
    min_free_bytes: int = Field(2**30, ge=0, description="Free space there below which an operator is warned, bytes.")


class DatabaseConfig(ConfigSection):
    url: DatabaseUrl = Field(SecretStr(""), description="PostgreSQL 15+; empty: the embedded one under paths.var.")
    pool: int = Field(10, ge=2, le=100, description="Connections a process at most.")


class SearchConfig(ConfigSection):
    url: str = Field(
        "", pattern="^(https?://[^/?#]+.*)?$", description="Meilisearch; empty: PostgreSQL alone searches."
    )
    key: SecretStr = Field(SecretStr(""), description="Its master key, or one that may do everything but search.")
    index: str = Field("civic", pattern="^[A-Za-z0-9_-]{1,100}$", description="Name of the index.")
    seconds: float = Field(1.0, gt=0, le=30, description="Longest time that a search waits for Meilisearch.")


class MediaConfig(ConfigSection):
    max_bytes: int = Field(20 * 2**20, ge=1024, description="Largest photo, bytes.")
    max_pixels: int = Field(50_000_000, ge=1_000_000, description="Largest photo, pixels.")
    processes: int = Field(2, ge=1, le=32, description="Processes that decode photos.")
    seconds: int = Field(20, ge=1, le=300, description="Longest time that decoding one photo may take.")


class GeocoderConfig(ConfigSection):
    provider: str = Field("pack", description="pack: the pack's places; else a geopy provider, such as nominatim.")
    options: dict[str, Any] = Field({}, description="What geopy's provider takes: user_agent, domain, api_key …")
    crs: Literal["", "wgs84", "gcj02", "bd09"] = Field(
        "", description="System of the provider's positions: wgs84, gcj02 or bd09; empty: bd09 of Baidu, else wgs84."
    )


OptionalPath = Annotated[Path | None, BeforeValidator(lambda text: text or None)]


class MapConfig(ConfigSection):
    basemap: OptionalPath = Field(
        None, description="A ready PMTiles file, Protomaps or OpenMapTiles; empty: what the pack brings."
    )
    tiles: str = Field(
        "", description="Raster tiles, https://…/{z}/{x}/{y}.png, where there is no other base map; empty: the areas."
    )
    tiles_crs: Literal["wgs84", "gcj02"] = Field(
        "wgs84", description="gcj02: the raster tiles are of a map published in China, and are drawn where GPS says."
    )
    attribution: str = Field("", description="Attribution that the tiles ask for.")


class MailConfig(ConfigSection):
    url: SmtpUrl = Field(
        SecretStr(""), description="Mail server, smtp://user:password@host:587; empty: files in the outbox."
    )
    sender: str = Field("civic@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$", description="From address of messages.")
    seconds: float = Field(30.0, ge=1, le=600, description="Longest time that handing over one mail may take.")
    keep_days: int = Field(
        90,
        ge=15,
        le=3650,
        description="Days after which addresses in messages, and the outbox's files, are forgotten.",
    )
    tries: int = Field(
        100, ge=1, le=1000, description="Tries of a mail that is put off, about a day, before it is held."
    )


class SignInConfig(ConfigSection):
    session_days: int = Field(30, ge=1, le=365, description="Days without a visit after which a session ends.")


class WorkersConfig(ConfigSection):
    poll_seconds: float = Field(1.0, gt=0, le=60, description="How often workers look for what falls due.")
    attempts: int = Field(5, ge=1, le=20, description="Tries of a failing job before it is held.")


class LimitsConfig(ConfigSection):
    photos: int = Field(5, ge=0, le=20, description="Photos a post.")
    text: int = Field(4000, ge=100, le=20000, description="Characters a post.")
    posts_per_hour: int = Field(
        30,
        ge=1,
        le=10**9,
        description="Posts an hour from one browser or person; more are held until a moderator has looked.",
    )
    address_posts_per_hour: int = Field(
        300, ge=1, le=10**9, description="Posts an hour without an account from one address; more are held too."
    )
    refused_above: int = Field(10, ge=1, le=1000, description="Times these two, above which posts are refused.")
    sign_ins_per_hour: int = Field(
        20,
        ge=1,
        le=10**9,
        description="Failed sign-ins an hour for one e-mail at one address; ten times as many for either.",
    )
    reads_per_minute: int = Field(
        300,
        ge=1,
        le=10**9,
        description="Searches, places, maps and proofs a minute, of one person or address, in each web process.",
    )
    unasked_mails_per_day: int = Field(
        3,
        ge=1,
        le=10**9,
        description="Mails a day to an address that strangers can cause: to confirm it, or that it has an account.",
    )
    page: int = Field(24, ge=5, le=100, description="Entries a page of a list.")
    form_bytes: int = Field(256 * 2**10, ge=2**14, description="Largest form without photos, or JSON, bytes.")
    body_bytes: int = Field(120 * 2**20, ge=2**20, description="Largest form with photos, bytes.")


class Config(ConfigSection):
    site: SiteConfig = SiteConfig()
    server: ServerConfig = ServerConfig()
    paths: PathsConfig = PathsConfig()
    database: DatabaseConfig = DatabaseConfig()
    search: SearchConfig = SearchConfig()
    media: MediaConfig = MediaConfig()
    geocoder: GeocoderConfig = GeocoderConfig()
    map: MapConfig = MapConfig()
    mail: MailConfig = MailConfig()
    sign_in: SignInConfig = SignInConfig()
    workers: WorkersConfig = WorkersConfig()
    limits: LimitsConfig = LimitsConfig()

    @property
    def media_folder(self) -> Path:
        return self.paths.var / "media"

    @property
    def unfinished_restore(self) -> Path:
        """The file that is there while a backup is restored to `paths.var`, and if that was cut off."""
        return self.paths.var / "restore.unfinished"

    def refuse_half_restored(self) -> None:
        """Raises SetupError while a backup is restored to `paths.var`, or after that was cut off."""
        if self.unfinished_restore.exists():
            raise SetupError(HALF_RESTORED)

    def secret(self) -> bytes:
        """The installation's secret key (32 bytes), made on first use and kept under paths.var, mode 0600."""
        path = self.paths.var / "secret.key"
        draft = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                draft.touch(mode=0o600)
            except OSError as error:
                raise CannotWrite(path.parent, error) from error
            draft.write_bytes(secrets.token_bytes(32))
            try:
                os.link(draft, path)  # two processes at once: the first one's key stands for both
            except FileExistsError:
                return path.read_bytes()
            finally:
                draft.unlink()
        return path.read_bytes()


def load_config(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration of this process.

    Raises SetupError that names every wrong key or value, and the nearest right key.
    """
    path = config_file(environ)
    data: dict[str, Any] = {}
    if path.exists():
        data = _read(path)
    elif environ.get("CIVIC_CONFIG"):
        raise SetupError(f"CIVIC_CONFIG names {path}, which does not exist.")
    for section, key, value in _from_environment(environ):
        data.setdefault(section, {})
        if isinstance(data[section], dict):
            data[section][key] = value
    given = {(section, key) for section, key, _ in _from_environment(environ)}
    return _with_absolute_paths(_checked(data, path), path.parent, given)


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The file of the settings, which need not exist: the one that CIVIC_CONFIG names, else that beside the program."""
    named = environ.get("CIVIC_CONFIG")
    return Path(named).absolute() if named else PROGRAM / "config.toml"


def describe_source(environ: Mapping[str, str] = os.environ) -> str:
    """For an operator: where the settings come from, without their values."""
    path = config_file(environ)
    places = [str(path) if path.exists() else f"no {path}: the defaults"]
    places += [f"{PREFIX}{section}__{key}".upper() for section, key, _ in _from_environment(environ)]
    return " and ".join(filter(None, [places[0], ", ".join(places[1:])]))


def _with_absolute_paths(config: "Config", folder: Path, given: Collection[tuple[str, str]]) -> "Config":
    """Relative paths start at `folder`, those `given` by the environment at the working directory."""
    changed = {}
    for section in Config.model_fields:
        values: ConfigSection = getattr(config, section)
        paths = {
            key: (Path.cwd() if (section, key) in given else folder) / value
            for key, value in values
            if isinstance(value, Path)
        }
        if paths:
            changed[section] = values.model_copy(update=paths)
    return config.model_copy(update=changed)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"{path}: {error}") from error


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Section, key and value of each variable that is a setting."""
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS):
            section, _, key = name.removeprefix(PREFIX).lower().partition("__")
            yield section, key, _value(text)


def _value(text: str) -> Any:
    """A list or table is written as in TOML (`["zh", "en"]`); everything else is text that the type reads."""
    if text[:1] in "[{":
        try:
            return tomllib.loads(f"x = {text}")["x"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _checked(data: dict[str, Any], path: Path) -> Config:
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        lines = [_complaint(e["type"], [str(p) for p in e["loc"]], e["msg"]) for e in error.errors()]
        raise SetupError(f"The configuration ({path} and CIVIC_* variables) is wrong:\n" + "\n".join(lines)) from None


def _complaint(kind: str, where: list[str], message: str) -> str:
    name = ".".join(where)
    if kind != "extra_forbidden":
        return f"  {name}: {message.removeprefix('Value error, ')}"
    return f"  {name}: there is no such setting." + did_you_mean(name, setting_names())


def setting_names() -> Iterator[str]:
    """Every section and setting as `section` and `section.key`."""
    for section, field in Config.model_fields.items():
        yield section
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, ConfigSection)
        for key in field.annotation.model_fields:
            yield f"{section}.{key}"
