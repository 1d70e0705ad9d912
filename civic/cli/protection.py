"""What `civic check` says of the site's protection: what works, and should be better guarded, is a warning."""

import os
import stat
from pathlib import Path

from civic import db
from civic.cli.common import CheckResult
from civic.cli.sql import OWNS_TABLES
from civic.config import Config
from civic.media.confinement import LANDLOCK, SECCOMP

MIN_TOKEN_CHARS = 16


def check_protection(config: Config) -> list[CheckResult]:
    """What can be said without the database."""
    return [_site(config), _proxies(config), _figures(config), _account(config), _files(config)]


def _site(config: Config) -> CheckResult:
    url = config.site.url
    if not url:
        text = "site.url is not set: every host's name is answered, and messages link to this machine"
        return CheckResult("site", True, text, warned=True)
    if not url.startswith("https:"):
        return CheckResult("site", True, f"{url} is not https: passwords and cookies travel openly", warned=True)
    return CheckResult("site", True, f"{url}; cookies are Secure and of this host alone")


def _proxies(config: Config) -> CheckResult:
    trusted = config.server.trusted_proxies
    if trusted.strip() == "*":
        text = "server.trusted_proxies trusts everybody: any address can be made up, and no limit by address holds"
        return CheckResult("proxies", True, text, warned=True)
    return CheckResult("proxies", True, f"X-Forwarded-* is believed of {trusted}")


def _figures(config: Config) -> CheckResult:
    token, addresses = config.server.metrics_token.get_secret_value(), config.server.metrics_addresses
    if token and len(token) < MIN_TOKEN_CHARS:
        return CheckResult("metrics", True, "server.metrics_token is short and can be guessed", warned=True)
    readers = " and ".join(filter(None, ["the token" if token else "", addresses]))
    return CheckResult("metrics", True, f"/metrics is open to {readers or 'nobody'}")


def _account(config: Config) -> CheckResult:
    if os.geteuid() != 0:
        return CheckResult("account", True, "not root")
    text = "root, and server.user names no account that the program could become"
    if not config.database.url.get_secret_value():
        text += "; its PostgreSQL runs as nobody, with whom other programs of this machine may share the account"
    return CheckResult("account", True, text, warned=True)


def _files(config: Config) -> CheckResult:
    """What others of this machine can read of what is not for them."""
    var = config.paths.var
    private = [var / "secret.key", config.media_folder, var / "outbox", var / "postgres" / "log"]
    open_ones = [str(path) for path in private if path.exists() and _is_open(path)]
    if open_ones:
        text = f"other accounts of this machine can read {', '.join(open_ones)}: chmod -R go= …"
        return CheckResult("files", True, text, warned=True)
    return CheckResult("files", True, "key, photos and outgoing mail are for this account alone")


def _is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def describe_decoder(confined_by: list[str], folder: Path) -> CheckResult:
    """A decoder that works, and what confines its processes, as they said themselves."""
    missing = [name for name in (LANDLOCK, SECCOMP) if name not in confined_by]
    if missing:
        text = f"decoder works without {' and '.join(missing)}, which this kernel has not: limits alone confine it"
        return CheckResult("photos", True, f"{text}; files in {folder}", warned=True)
    return CheckResult("photos", True, f"decoder works under {' and '.join(confined_by)}, files in {folder}")


async def check_database_account(config: Config) -> CheckResult:
    """Whether the account that the program uses could take away the triggers that guard histories."""
    row = await db.fetch_one(OWNS_TABLES)
    assert row is not None
    if not row["owned"]:
        return CheckResult("rights", True, f"the database's account {row['name']} owns no table")
    configured = bool(config.database.url.get_secret_value())
    text = f"the database's account {row['name']} owns the tables: who takes over the program can change their rules"
    return CheckResult("rights", True, text + "; docs/install.md says how another need not", warned=configured)
