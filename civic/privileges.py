"""The account of the operating system that the program runs as, and whom the files are for that it makes."""

import os
import pwd
import sys
from pathlib import Path

from civic.config import Config
from civic.errors import CannotWrite, SetupError

PROGRAM = Path(__file__).parent


def make_files_private() -> None:
    """What this process makes is for its account alone. Root's folders can be passed through, though not listed: the
    account of its PostgreSQL has a folder of its own inside."""
    os.umask(0o066 if os.geteuid() == 0 else 0o077)


def leave_root(config: Config, *, create: bool = False) -> None:
    """Become the account that `server.user` names, if root runs this; with `create` a missing `var` is made for it.

    Raises SetupError.
    """
    name = config.server.user
    if not name or os.geteuid() != 0:
        return
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise SetupError(f"server.user names {name!r}, which is no account of this machine.") from None
    if entry.pw_uid == 0:
        raise SetupError("server.user names root itself.")
    if create or config.paths.var.exists():
        _give_folder(config.paths.var, entry)
    os.initgroups(name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
    make_files_private()
    if not (os.access(sys.executable, os.X_OK) and os.access(PROGRAM, os.R_OK | os.X_OK)):
        raise SetupError(f"The account {name!r} (server.user) cannot read this program in {PROGRAM}: put it elsewhere.")


def _give_folder(var: Path, entry: pwd.struct_passwd) -> None:
    """A new `var` belongs to the account. Raises SetupError for one that belongs to another."""
    if not var.exists():
        try:
            var.mkdir(parents=True)
            os.chown(var, entry.pw_uid, entry.pw_gid)
        except OSError as error:
            raise CannotWrite(var, error) from error
        var.chmod(0o700)
    if var.stat().st_uid != entry.pw_uid:
        owner, wanted = var.stat().st_uid, entry.pw_name
        raise SetupError(f"{var} belongs to the account {owner}, and server.user is {wanted}: chown -R {wanted} {var}")


def check_root(config: Config, *, allowed: bool) -> None:
    """Raises SetupError where root would serve the public, unless it is `allowed`; that is said on stderr."""
    if os.geteuid() != 0 or config.server.user:
        return
    if not allowed:
        raise SetupError(
            "Civic does not serve as root: who takes it over would have this machine. Name an account in server.user "
            "(CIVIC_SERVER__USER=civic), which it becomes, or say --as-root."
        )
    sys.stderr.write("Civic runs as root, as --as-root says. On a server name an account in server.user instead.\n")
