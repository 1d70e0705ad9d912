"""What the rest of Civic calls: use the embedded PostgreSQL for a while."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import civic
from civic.errors import CannotWrite, SetupError
from civic.postgres import locks
from civic.postgres.folders import SOCKET

SILENT = 3.0  # seconds of waiting before a word about it
STARTS = 3  # of a supervisor that ends without saying why


class DatabaseUnavailable(SetupError):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


class Handle:
    """A use of the embedded database; it runs for as long as any process holds one."""

    def __init__(self, var: Path, *, durable: bool, run_as: str) -> None:
        self.folder = var.resolve() / "postgres"
        self.durable = durable
        self.run_as = run_as
        self.socket = Path()
        self._told = ""
        self._since = time.monotonic()
        self._use = self._open(locks.USERS)
        while not locks.try_lock(self._use, exclusive=False):  # the supervisor is stopping the server
            self._wait("the server of the last user is still ending")
        locks.hold(self._use)

    def url(self, database: str = "civic") -> str:
        """The address of a database of this server, for Tortoise, asyncpg and libpq (psql, pg_dump) alike."""
        return f"postgres://civic@/{database}?host={quote(str(self.socket), safe='')}"

    def ensure(self) -> None:
        """Wait until the server accepts connections; start a supervisor if there is none (any more).

        Raises DatabaseUnavailable.
        """
        self._since = time.monotonic()
        starts = 0
        while True:
            status = locks.read(self.folder)
            if status is None:
                starts += self._start_supervisor(starts)
            elif status.state == "failed" and status.at > self._since:  # else it is no answer to us
                raise DatabaseUnavailable(status.message)
            elif status.state == "ready" and _accepts(Path(status.socket)):
                self.socket = Path(status.socket)
                if starts and status.message:
                    _tell(status.message)
                return
            self._wait(status.message if status else "")

    def release(self, *, wait: bool | None = None) -> None:
        """End this use. With `wait`, and if it was the last, return after the server has stopped.

        By default only process 1 waits: a container ends with it, and the server would be killed.
        """
        if self._use < 0:
            return
        locks.drop(self._use)
        self._use = -1
        if os.getpid() == 1 if wait is None else wait:
            self._wait_for_end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _open(self, name: str) -> int:
        try:
            # Root's server is another account, which has to pass; the data is closed in itself.
            locks.make_folder(self.folder, 0o755 if os.geteuid() == 0 else 0o700)
            locks.make_folder(self.folder / "log", 0o700)
            return locks.open_file(self.folder / name)
        except OSError as error:
            raise CannotWrite(self.folder, error) from error

    def _start_supervisor(self, earlier: int) -> bool:
        """Start one unless there is one that has yet to say something; whether we did."""
        lock = self._open(locks.SUPERVISOR)
        try:
            if not locks.try_lock(lock, exclusive=True):
                return False
            if earlier == STARTS:
                said = (self.folder / "log" / "supervisor.log").read_text("utf-8", "replace")[-2000:]
                raise DatabaseUnavailable(
                    f"The supervisor of the database in {self.folder} ends at once. "
                    + (said or "It could not even write down why: is that disk full?")
                )
            self._spawn(lock)
            return True
        finally:
            os.close(lock)

    def _spawn(self, lock: int) -> None:
        """In its own session: Ctrl-C in the terminal is for the program, whose work needs the database."""
        root = str(Path(civic.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        out = locks.open_file(self.folder / "log" / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        command = [sys.executable, "-P", "-m", "civic.postgres", str(self.folder), str(lock)]
        try:
            subprocess.run(
                [*command, str(int(self.durable)), self.run_as],
                check=False,
                pass_fds=(lock,),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
        finally:
            os.close(out)

    def _wait(self, why: str) -> None:
        time.sleep(0.02)
        text = f"Waiting for the database: {why or 'it is starting'} …"
        if time.monotonic() - self._since > SILENT and text != self._told:
            self._told = text
            _tell(text)

    def _wait_for_end(self) -> None:
        users, supervisor = self._open(locks.USERS), self._open(locks.SUPERVISOR)
        try:
            while not locks.try_lock(supervisor, exclusive=True):
                if _used(users):
                    return
                time.sleep(0.01)
            while not locks.try_lock(users, exclusive=False):  # its other locks go an instant later
                time.sleep(0.001)
        finally:
            os.close(users)
            os.close(supervisor)


def acquire(var: Path, *, durable: bool = True, run_as: str = "nobody") -> Handle:
    """Use the embedded database of the folder `var`: join the server that is running, or start it.

    Returns when it accepts connections, however long that takes (a word on stderr after some seconds). It
    blocks meanwhile: call it before the event loop, or in a thread. The use ends with `release`, with the
    block, or with the process in any way. `durable=False`, for tests, trades safety in a crash of the machine
    for speed; `run_as` is the server's account when root makes a new database. Both count for who starts it.
    Raises DatabaseUnavailable.
    """
    handle = Handle(var, durable=durable, run_as=run_as)
    try:
        handle.ensure()
    except BaseException:
        handle.release(wait=False)
        raise
    return handle


def _used(users: int) -> bool:
    """Whether others hold the lock as users. The supervisor, once it has the whole lock, keeps it to its end; it may
    take it between the first two looks, hence the third."""
    try:
        return (
            locks.try_lock(users, exclusive=False)
            and not locks.try_lock(users, exclusive=True)
            and locks.try_lock(users, exclusive=False)
        )
    finally:
        locks.unlock(users)


def _accepts(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(1.0)
        try:
            attempt.connect(str(folder / SOCKET))
        except OSError:
            return False
    return True


def _tell(text: str) -> None:
    sys.stderr.write(f"Civic: {text}\n")
    sys.stderr.flush()
