"""Where the data, the programs and the socket lie, and which account the server runs as."""

import os
import pwd
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = Path("/var/lib/civic")
LOCATION = "location"
OWNER = "belongs-to"
SOCKET = ".s.PGSQL.5432"
PREFIX = "civic-postgres-"
# Both are sticky, and what is made there has a random name and mode 0700.
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
# sun_path holds 108 bytes on Linux and 104 on macOS and the BSDs, with the closing zero.
LONGEST = 103
# Commas and quotes mean something in unix_socket_directories and in clients' host lists.
PLAIN = re.compile(r"[\w /.+=@~-]+")


class PostgresUnusable(Exception):
    """The database cannot run here. The message tells the operator why, and what to do."""


@dataclass(frozen=True)
class Account:
    """The operating system's user that the server runs as."""

    name: str
    uid: int
    gid: int

    @property
    def other(self) -> bool:
        return self.uid != os.geteuid()

    def options(self) -> dict[str, Any]:
        """For subprocess: become this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def become(self) -> None:
        if self.other:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def can(self, act: Callable[[], object]) -> bool:
        """Whether `act` succeeds in a child that is this account: the truth, whatever mode bits say."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self.become()
                act()
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def account(home: Path, run_as: str) -> Account:
    """Ourselves; for root, which PostgreSQL refuses, the owner of the data, or of the folder, else `run_as`."""
    if os.geteuid() != 0:
        return _by_id(os.geteuid(), os.getegid())
    for place in (home / "data", home):
        if place.exists() and (owner := place.stat()).st_uid != 0:
            return _by_id(owner.st_uid, owner.st_gid)
    try:
        entry = pwd.getpwnam(run_as)
    except KeyError:
        raise PostgresUnusable(f"PostgreSQL does not run as root, and there is no user {run_as!r}.") from None
    found = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if found.uid == 0 or not found.can(lambda: None):
        raise PostgresUnusable(
            f"PostgreSQL does not run as root, and this process may not become the user {run_as!r}. "
            "Start Civic as an ordinary user, or name a database in database.url."
        )
    return found


def _by_id(uid: int, gid: int) -> Account:
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid, gid)
    except KeyError:
        return Account(str(uid), uid, gid)


def home(folder: Path, run_as: str) -> tuple[Path, str]:
    """The folder of the data for `folder` (var/postgres), made if need be; a note for the operator, or "".

    It is `folder` itself unless the server's account cannot get there (a checkout under /root): then a folder
    of random name under /var/lib/civic, remembered in the file `location`. Without that file nothing leads
    there, so that who removes var starts with an empty database.
    """
    pointer = folder / LOCATION
    if pointer.exists():
        return _pointed(folder, _named(pointer)), ""
    if os.geteuid() != 0 or (folder / "data").exists():
        return folder, ""
    whose = account(folder, run_as)
    return (folder, "") if _reachable(folder, whose) else _elsewhere(folder, whose)


def has_data(folder: Path) -> bool:
    """Whether a database was made for `folder` (var/postgres), there or elsewhere."""
    return (folder / LOCATION).exists() or (folder / "data").exists()


def _named(file: Path) -> Path:
    """The path that a file holds."""
    return Path(os.fsdecode(file.read_bytes()))


def _pointed(folder: Path, there: Path) -> Path:
    if not (there / OWNER).is_file():
        raise PostgresUnusable(
            f"The database of this installation was in {there}, which is gone. Bring it back, "
            f"or remove {folder} to start with an empty database."
        )
    owner = _named(there / OWNER)
    if owner != folder:
        other = owner / LOCATION
        if other.exists() and _named(other) == there:
            raise PostgresUnusable(
                f"{folder} is a copy of {owner}, and both name the database in {there}. To have one of your "
                f"own, remove {folder} and restore a backup; to move, remove {owner}."
            )
        (there / OWNER).write_bytes(os.fsencode(folder))  # the folder was moved
    return there


def _elsewhere(folder: Path, account: Account) -> tuple[Path, str]:
    there = SHARED / secrets.token_hex(8)
    earlier = [p.parent for p in SHARED.glob(f"*/{OWNER}") if _named(p) == folder]
    for made in (SHARED, there):
        if not made.exists():
            made.mkdir(parents=True)
            made.chmod(0o755)
    if not _reachable(there, account):
        there.rmdir()
        raise PostgresUnusable(
            f"PostgreSQL runs as the user {account.name!r}, who can enter neither {folder} nor {SHARED}. "
            "Set CIVIC_PATHS__VAR to a folder that this user can enter."
        )
    (there / OWNER).write_bytes(os.fsencode(folder))
    (folder / LOCATION).write_bytes(os.fsencode(there))
    note = f"The user {account.name!r} cannot enter {folder}, so the database is in {there}."
    if earlier:
        note += " Earlier ones of the same folder, no longer used: " + ", ".join(map(str, earlier))
    return there, note


def _reachable(folder: Path, account: Account) -> bool:
    probe = private(Path(tempfile.mkdtemp(prefix="probe-", dir=folder)), account)
    try:
        return _usable(probe, account)
    finally:
        shutil.rmtree(probe)


def _usable(folder: Path, account: Account) -> bool:
    return account.can(lambda: tempfile.TemporaryFile(dir=folder).close())


def private(folder: Path, account: Account) -> Path:
    """`folder`, made if need be, for the account alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.other:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def socket_folder(home: Path, account: Account, earlier: str) -> Path:
    """The folder of the server's socket: in `home`, or a short one of random name where temporary files go.

    `earlier` is the one of the last start, which a killed supervisor left: used again if it is ours alone.
    """
    if _fits(home / "socket"):
        return private(home / "socket", account)
    if earlier and Path(earlier).name.startswith(PREFIX) and _is_ours(Path(earlier), account):
        return Path(earlier)
    for base in dict.fromkeys((tempfile.gettempdir(), *TEMPORARY)):
        made = private(Path(tempfile.mkdtemp(prefix=PREFIX, dir=base)), account)
        if _fits(made) and _usable(made, account):
            return made
        shutil.rmtree(made)
    raise PostgresUnusable(f"{home} is too long a path for a socket, and no folder for temporary files is fit for one.")


def leave(socket: Path) -> None:
    """Remove a socket folder that was made among the temporary files."""
    if socket.name.startswith(PREFIX):
        for name in (SOCKET, f"{SOCKET}.lock"):
            (socket / name).unlink(missing_ok=True)
        socket.rmdir()


def _fits(folder: Path) -> bool:
    try:
        length = len(str(folder / SOCKET).encode())
    except UnicodeEncodeError:  # bytes that are no text: a URL could not name it
        return False
    return length <= LONGEST and PLAIN.fullmatch(str(folder)) is not None


def _is_ours(folder: Path, account: Account) -> bool:
    """A folder, no link, that the account owns and no other can enter: nobody put it there as a trap."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return found.st_uid == account.uid and found.st_mode == 0o040700 and _fits(folder)
