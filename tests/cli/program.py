"""A running `civic serve`, its processes, and waiting for what comes of them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.live import environment, prepare


class Program:
    """`civic serve`; what it said on stderr is in `log`."""

    def __init__(self, var: Path, database: str, *arguments: str) -> None:
        prepare(var)
        self.log = var / "log"
        with self.log.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "civic", "serve", "--as-root", *arguments],
                env=environment(var, database),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout
        with self.process.stdout:
            self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1] if self.line else ""

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def children(self) -> list[int]:
        """The processes that it started itself."""
        found = []
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found += [int(pid) for pid in path.read_text().split()]
        return sorted(found)

    def workers(self) -> list[int]:
        """Those of them that do the work; others decode photos."""
        return [pid for pid in self.children() if b"\0workers\0" in _command_of(pid)]


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(what: Callable[[], object]) -> None:
    """Wait until `what` gives something true; the bound only ends a test that would never end."""
    for _ in range(1500):
        if what():
            return
        time.sleep(0.02)
    raise AssertionError("it never happened")
