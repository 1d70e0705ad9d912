"""One PostgreSQL data folder: made, started, and its failures put into words."""

import ctypes
import locale
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from civic.postgres.folders import SOCKET, Account, PostgresUnusable
from civic.postgres.tuning import read_machine, settings_by_operator, settings_for

USER = "civic"
DATABASE = "civic"
SETTINGS = {
    "listen_addresses": "",  # the socket only, nothing on TCP
    "port": "5432",  # in the socket's name, and not what PGPORT says
    "max_connections": "200",
    "jit": "off",  # costs more than it saves on queries of milliseconds
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    # Errors of statements go to the client; here they would put people's data into the log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# One system call instead of a thousand: seconds less after a crash on a busy disk. Older kernels hide its errors.
SYNC = (
    "syncfs"
    if sys.platform == "linux" and tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 8)
    else "fsync"
)
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

ADVICE = (
    (r"shared memory|Cannot allocate memory|semaphores", "The system has not enough (shared) memory."),
    (r"No space left on device", "The disk of {home} is full: free some space (at least 100 MB)."),
    (r"Read-only file system", "{home} is on a disk that is mounted read-only."),
    (r"could not look up effective user ID", "The user {account} needs an entry in /etc/passwd."),
    (
        r"ermission denied|invalid permissions|wrong ownership",
        "{home}/data has to belong to the user {account} alone (mode 0700), who must be able to enter "
        "every folder above it.",
    ),
    (
        r"lock file .* already exists",
        "Another PostgreSQL that Civic did not start uses {home}/data: stop it.",
    ),
    (
        r"valid checkpoint record|control file|incompatible with server|invalid page|PANIC",
        "The files in {home}/data are damaged. Move that folder away and restore the last backup, with: civic restore "
        "FILE; docs/install.md, “Restore”, says what that does.",
    ),
)


@dataclass(frozen=True)
class Cluster:
    """The data in `home`, the account that owns it, the programs for it, and the system's users who may connect.

    `lock` below is a descriptor of `lock_file`, locked, which every process of the cluster inherits: while
    one of them lives, nobody else can take that lock.
    """

    home: Path
    account: Account
    programs: Path
    clients: tuple[str, ...]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def lock_file(self) -> Path:
        return self.home / "server.lock"

    @property
    def unflushed(self) -> Path:
        """There while a new data folder's files may still be in memory only."""
        return self.home / "unflushed"

    def initialise(self, lock: int) -> None:
        """Make the data folder with the application's database in it, whole or not at all."""
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)  # of one that was stopped half-way
        draft.mkdir(mode=0o700)
        os.chown(draft, self.account.uid, self.account.gid)
        options = [
            f"--username={USER}",
            "--auth=peer",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--lc-collate=C",
            f"--lc-ctype={_ctype()}",
            "--lc-messages=C",
            "--no-instructions",
            "--no-sync",
        ]
        self._run("initdb", "-D", str(draft), *options, lock=lock)
        single = ("--single", "-D", str(draft), "-c", "fsync=off", "postgres")
        said = self._run("postgres", *single, lock=lock, told=f"CREATE DATABASE {DATABASE}\n")
        if "ERROR" in said:
            raise self.unable("could not create the database", said)
        self.unflushed.touch()
        draft.rename(self.data)

    def flush(self) -> subprocess.Popen[bytes]:
        """Start to bring a new data folder to disk: a thousand files, seconds on a busy disk."""
        return subprocess.Popen(
            [self.programs / "initdb", "-D", str(self.data), "--sync-only", f"--sync-method={SYNC}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            preexec_fn=_die_with_us(signal.SIGKILL),
            **self.account.options(),
        )

    def start(self, lock: int, socket: Path, *, durable: bool) -> subprocess.Popen[bytes]:
        """Start the server; its log comes on the pipe `stderr`. It is asked to stop if this process dies.

        It has the settings for this machine, but for what the operator set by ALTER SYSTEM.
        """
        self._clear(socket)
        if not self.account.can(self._write_access):
            raise self.unable("cannot write who may connect", f"No permission to write in {self.data}")
        tuned = settings_for(read_machine()) if durable else {}
        chosen = settings_by_operator(self.data)
        settings = {name: value for name, value in tuned.items() if name not in chosen} | SETTINGS
        settings |= {"unix_socket_directories": str(socket), "unix_socket_permissions": "0700"}
        settings["recovery_init_sync_method"] = SYNC
        if not durable:
            settings |= HASTY
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return subprocess.Popen(
            [self.programs / "postgres", "-D", str(self.data), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(lock,),
            start_new_session=True,
            env=_environment(),
            preexec_fn=_die_with_us(signal.SIGINT),
            **self.account.options(),
        )

    def _write_access(self) -> None:
        """Let `clients` connect as our user, by the kernel's word for who they are, and nobody else in any way."""
        users = "".join(f'civic "{name}" {USER}\n' for name in self.clients)
        (self.data / "pg_hba.conf").write_text("local all all peer map=civic\n", "utf-8")
        (self.data / "pg_ident.conf").write_text(users, "utf-8")

    def _clear(self, socket: Path) -> None:
        """Remove what a killed server left.

        We hold the lock of its processes, so none of them lives; but a pid in these files may be another
        process's by now (after a reboot, in a container), or a zombie's, and PostgreSQL would give up.
        """
        for name in (SOCKET, f"{SOCKET}.lock"):
            (socket / name).unlink(missing_ok=True)
        pid = self.postmaster()
        if pid and not _is_postgres(pid):
            (self.data / "postmaster.pid").unlink()

    def postmaster(self) -> int | None:
        """The process id that the running, or last, server wrote down."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def ready(self, pid: int) -> bool:
        """Whether the server `pid` says that it accepts connections."""
        lines = self._pid_file()
        return len(lines) > 1 and lines[0] == str(pid) and lines[-1].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_bytes().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []

    def ask_to_stop(self, pid: int) -> bool:
        """Fast shutdown, asked as the server's account: its file named the pid, and may not steer root."""
        return self.account.can(lambda: os.kill(pid, signal.SIGINT))

    def unable(self, what: str, log: str) -> PostgresUnusable:
        """The error that tells what happened, what to do, and the end of the log."""
        advice = next((text for pattern, text in ADVICE if re.search(pattern, log)), "")
        advice = advice.format(home=self.home, account=self.account.name)
        return PostgresUnusable("\n".join(filter(None, (f"PostgreSQL {what}.", advice, log.strip()))))

    def _run(self, program: str, *arguments: str, lock: int, told: str = "") -> str:
        result = subprocess.run(
            [self.programs / program, *arguments],
            input=told.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            pass_fds=(lock,),
            env=_environment(),
            preexec_fn=_die_with_us(signal.SIGKILL),
            **self.account.options(),
        )
        said: str = result.stdout.decode("utf-8", "replace")
        if result.returncode:
            raise self.unable(f"could not make a database in {self.home}", "\n".join(said.splitlines()[-12:]))
        return said


def _is_postgres(pid: int) -> bool:
    """Whether the process lives and is called postgres; True where there is no /proc to tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists()
    name, state = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2]
    return name == "postgres" and state not in "ZX"


def _environment() -> dict[str, str]:
    """No PG* variable of the caller, and none of its secrets."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def _ctype() -> str:
    """A locale that knows which characters are letters: with plain C, full-text search takes “，” for one."""
    before = locale.setlocale(locale.LC_CTYPE)
    for name in ("C.UTF-8", "en_US.UTF-8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_CTYPE, before)
        return name
    return "C"


def _die_with_us(number: int) -> Callable[[], None] | None:
    """For the child, before its program starts: a signal when this process dies, so that nothing is orphaned.

    Linux only. Elsewhere the next start finds the orphan, which holds the lock, and stops it.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def before() -> None:
        prctl(1, number)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # died before that line
            os._exit(1)

    return before
