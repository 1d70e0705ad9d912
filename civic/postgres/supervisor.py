"""The process that owns the server: starts it, again if it crashes, and stops it when nobody uses it."""

import os
import select
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from civic.postgres import folders, locks, programs
from civic.postgres.cluster import Cluster
from civic.postgres.folders import PostgresUnusable
from civic.postgres.locks import SupervisorStatus

POLL = 0.1  # seconds between looks whether anybody still uses the database
FAILURE_SHOWN = 1.0  # seconds that a failure stands for those who wait; then the next one tries again
STARTS = 3  # of a server that is killed meanwhile
LOG_BYTES = 5_000_000


class NobodyLeft(Exception):
    """No user any more, or var was removed under us."""


class ServerLog:
    """postgres.log and, once that is LOG_BYTES long, postgres.log.1; the last lines are kept for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail: deque[str] = deque(maxlen=15)
        self.partial = b""
        self.file = self._open()

    def _open(self) -> int:
        return locks.open_file(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, data: bytes) -> None:
        *lines, self.partial = (self.partial + data).split(b"\n")
        self.tail.extend(line.decode("utf-8", "replace") for line in lines)
        with suppress(OSError):  # a full disk: PostgreSQL itself says so; its log is no reason to end it
            os.write(self.file, data)
        if os.fstat(self.file).st_size > LOG_BYTES:
            os.close(self.file)
            self.path.replace(self.path.with_name(self.path.name + ".1"))
            self.file = self._open()


class Supervisor:
    """`folder` is var/postgres; its `supervisor.lock` is held for as long as this process lives."""

    def __init__(self, folder: Path, *, durable: bool, run_as: str) -> None:
        self.folder = folder
        self.durable = durable
        self.run_as = run_as
        self.log = ServerLog(folder / "log" / "postgres.log")
        self.users = locks.open_file(folder / locks.USERS)
        self.earlier = locks.read(folder, alive=False)  # of a supervisor that was killed
        self.socket: Path | None = None
        self.note = ""
        self.status_lock = -1
        self.server: subprocess.Popen[bytes] | None = None
        self.flushing: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Until nobody uses the database any more, or it cannot run."""
        try:
            self.say("starting")
            cluster = self.prepare()
            while True:
                self.start(cluster)
                self.watch(cluster)
        except NobodyLeft:
            self.stop()
        except (PostgresUnusable, OSError) as error:
            self.stop()
            if not self.removed():
                self.fail(str(error))
        finally:
            self.tidy()

    def say(self, state: str, message: str = "") -> None:
        """Publish the status. Raises NobodyLeft, as `pause` does, if the folder is no longer the one we serve."""
        if self.removed():
            raise NobodyLeft
        fd = locks.publish(
            self.folder, SupervisorStatus(state, message, str(self.socket or ""), os.getpid(), time.monotonic())
        )
        if self.status_lock >= 0:
            os.close(self.status_lock)
        self.status_lock = fd

    def prepare(self) -> Cluster:
        """Where and as whom to run, with data made if there is none."""
        home, self.note = folders.home(self.folder, self.run_as)
        account = folders.account(home, self.run_as)
        found = programs.runnable(programs.fitting(home / "data"), home, account)
        # Root's server runs as an account that others run as too: they are not let in.
        shared = account.other and account.name == self.run_as
        cluster = Cluster(home, account, found, ("root",) if shared else ("root", account.name))
        self.socket = folders.socket_folder(home, account, self.earlier.socket if self.earlier else "")
        if not cluster.data.exists():
            self.say("starting", "making a new database")
            lock = self.alone(cluster)
            cluster.initialise(lock)
            os.close(lock)
        return cluster

    def alone(self, cluster: Cluster) -> int:
        """The lock that all processes of a server hold, once the last of an earlier one has let it go."""
        lock = locks.open_file(cluster.lock_file)
        asked = None
        while not locks.try_lock(lock, exclusive=True):
            pid = cluster.postmaster()
            if pid and pid != asked:
                # Only processes of this data hold the lock: an orphan of a killed supervisor.
                cluster.ask_to_stop(pid)
                asked = pid
                self.say("starting", "waiting for an earlier server to end")
            self.pause(0.02)
        return lock

    def start(self, cluster: Cluster) -> None:
        """Start the server and wait until it accepts connections. Raises PostgresUnusable with what it logged."""
        for _ in range(STARTS):
            if self.started(cluster):
                self.say("ready", self.note)
                return
        raise cluster.unable("is killed whenever it starts", "\n".join(self.log.tail))

    def started(self, cluster: Cluster) -> bool:
        """Whether the server now accepts connections; False if somebody killed it. Raises PostgresUnusable."""
        assert self.socket
        lock = self.alone(cluster)
        self.server = cluster.start(lock, self.socket, durable=self.durable)
        os.close(lock)
        recovering = False
        while not cluster.ready(self.server.pid):
            self.pause(0.01)
            if self.server.poll() is not None:
                self.drain(0)
                if self.server.returncode < 0:
                    return False
                raise cluster.unable("does not start", "\n".join(self.log.tail))
            if not recovering and any("recovery in progress" in line for line in self.log.tail):
                recovering = True
                self.say("starting", "repairing after a crash, which may take minutes")
        return True

    def watch(self, cluster: Cluster) -> None:
        """Return when the server ended though it is needed: somebody killed it, or memory was short."""
        assert self.server
        if self.durable and cluster.unflushed.exists() and not self.flushing:
            self.flushing = cluster.flush()
        while self.server.poll() is None:
            self.pause(POLL)
            if self.flushing and self.flushing.poll() == 0:
                cluster.unflushed.unlink(missing_ok=True)
                self.flushing = None
        self.drain(0)
        self.say("starting", "the server ended and is started again")
        self.pause(POLL)  # not a busy loop if it keeps happening

    def pause(self, seconds: float) -> None:
        """Let time pass, keeping the log. Raises NobodyLeft."""
        self.drain(seconds)
        if locks.try_lock(self.users, exclusive=True) or self.removed():
            raise NobodyLeft

    def removed(self) -> bool:
        try:
            return os.stat(self.folder / locks.USERS).st_ino != os.fstat(self.users).st_ino
        except FileNotFoundError:
            return True

    def drain(self, seconds: float) -> None:
        """Write what the server logs; wait up to `seconds` for it."""
        until = time.monotonic() + seconds
        pipe = self.server.stderr if self.server else None
        while pipe and not pipe.closed:
            if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
                return
            if data := os.read(pipe.fileno(), 65536):
                self.log.write(data)
            else:
                pipe.close()
        time.sleep(max(0.0, until - time.monotonic()))

    def stop(self) -> None:
        """Fast shutdown: statements under way are rolled back, everything committed is on disk."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            while self.server.poll() is None:
                self.drain(0.01)
            self.drain(0)

    def fail(self, message: str) -> None:
        """Let those who wait know, and leave."""
        self.say("failed", f"{message}\nThe whole log: {self.log.path}")
        until = time.monotonic() + FAILURE_SHOWN
        while time.monotonic() < until and not locks.try_lock(self.users, exclusive=True):
            time.sleep(0.01)

    def tidy(self) -> None:
        if self.flushing:  # the next start does it again
            self.flushing.kill()
            self.flushing.wait()
        if not self.removed():
            (self.folder / locks.STATUS).unlink(missing_ok=True)
        if self.socket:
            folders.leave(self.socket)
