"""The programs that are measured, and what they take: processor time, memory, statements."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks.prepared import FOLDER, ROOT, Server

TICKS = os.sysconf("SC_CLK_TCK")
PROCESSES = 2
START_SECONDS = 300.0  # also on a machine that others keep busy
# Nobody is refused for asking often: the load comes from one address.
LIMITS = {
    "CIVIC_LIMITS__READS_PER_MINUTE": "1000000000",
    "CIVIC_LIMITS__POSTS_PER_HOUR": "1000000000",
    "CIVIC_LIMITS__ADDRESS_POSTS_PER_HOUR": "1000000000",
}
# Statements that frame others, and those by which a driver gives a connection back.
FRAMES = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION|SELECT pg_advisory_unlock_all)", re.I)


@dataclass
class Program:
    """A program that answers requests. `label` heads its columns."""

    label: str
    process: subprocess.Popen[bytes]
    address: str
    database: str
    application: str  # as what the database lists its connections
    environment: dict[str, str] = field(default_factory=dict)
    checkout: Path = ROOT
    cookies: dict[str, str] = field(default_factory=dict)  # by e-mail

    def processor(self) -> float:
        """Seconds that it, and all that it started, took so far."""
        return tree_seconds(self.process.pid)

    def memory(self) -> list[int]:
        """Bytes of each web process; what processes share is divided among them (PSS)."""
        found = []
        for pid, (parent, _own) in read_processes().items():
            if parent == self.process.pid and b"spawn_main" in _read(f"/proc/{pid}/cmdline"):
                lines = _read(f"/proc/{pid}/smaps_rollup").decode().splitlines()
                found.append(sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")))
        return found

    def sign_in(self, email: str, password: str) -> None:
        """Keep the cookie of this person's session."""
        with httpx2.Client(base_url=self.address, timeout=START_SECONDS) as client:
            client.post("/sign-in", data={"email": email, "password": password})
            if not client.cookies:
                raise SystemExit(f"{self.label}: {email} cannot sign in.")
            self.cookies[email] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # it has just ended
        return b""


def read_processes() -> dict[int, tuple[int, float]]:
    """All processes: the parent, and the seconds of each with those of its children that have ended."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        data = _read(str(path))
        if fields := data.rpartition(b") ")[2].split():
            found[int(path.parts[2])] = (int(fields[1]), sum(map(int, fields[11:15])) / TICKS)
    return found


def tree_seconds(*roots: int) -> float:
    """Seconds of the processor that these processes and all below them took."""
    processes = read_processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _seconds) in processes.items():
        children.setdefault(parent, []).append(pid)
    total, waiting = 0.0, [pid for pid in roots if pid in processes]
    while waiting:
        pid = waiting.pop()
        total += processes[pid][1]
        waiting += children.get(pid, [])
    return total


def machine_seconds() -> float:
    """Seconds that all processors of the machine were busy since it started."""
    values = list(map(int, _read("/proc/stat").split(b"\n", 1)[0].split()[1:]))
    return (sum(values[:3]) + sum(values[5:7])) / TICKS


def postmaster() -> int:
    return int((FOLDER / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


@contextmanager
def running_civic(label: str, checkout: Path, url: str, *, workers: bool = False) -> Iterator[Program]:
    """`civic serve` of a checkout, as a city runs it but for the limits."""
    with ExitStack() as stack:
        var = stack.enter_context(tempfile.TemporaryDirectory(prefix="civic-bench-"))
        port = _free_port()
        environment = os.environ | LIMITS | {
            "CIVIC_PATHS__VAR": var,
            "CIVIC_DATABASE__URL": url,
            "CIVIC_SERVER__PORT": str(port),
            "CIVIC_SERVER__PROCESSES": str(PROCESSES),
            "PYTHONPATH": str(checkout),
        }  # fmt: skip
        command = [sys.executable, "-P", "-m", "civic", "serve", "--as-root"]
        command.append("--workers" if workers else "--no-workers")
        process = stack.enter_context(_started(command, checkout, environment))
        program = Program(label, process, f"http://127.0.0.1:{port}", url, "civic web", environment, checkout)
        _wait_for(program)
        yield program


@contextmanager
def running_bare(url: str) -> Iterator[Program]:
    port = _free_port()
    environment = os.environ | {"CIVIC_DATABASE__URL": url}
    command = [sys.executable, "-m", "benchmarks.bare", str(port), str(PROCESSES)]
    with _started(command, ROOT, environment) as process:
        program = Program("bare", process, f"http://127.0.0.1:{port}", url, "bare web")
        _wait_for(program)
        yield program


@contextmanager
def running_workers(program: Program, *names: str) -> Iterator[subprocess.Popen[bytes]]:
    """The workers beside a Civic that was started without."""
    command = [sys.executable, "-P", "-m", "workers", *names]
    with _started(command, program.checkout, program.environment) as process:
        yield process


@contextmanager
def _started(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts; what it says is kept under FOLDER where the block fails."""
    handle, name = tempfile.mkstemp(".log", "program-", FOLDER)
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=handle, stderr=handle)
    os.close(handle)
    try:
        yield process
        os.unlink(name)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(program: Program) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and program.process.poll() is None:
        try:
            if httpx2.get(program.address + "/healthz", timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"{program.label} does not start: {program.process.args}")


class StatementLog:
    """Counts statements by the server's own log, so that any program can be counted, as it runs."""

    def __init__(self, server: Server, *, durations: bool = False) -> None:
        self.server = server
        self.durations = durations  # tell how long each took, and its parameters

    def __enter__(self) -> "StatementLog":
        settings = {
            "log_line_prefix": "%a|",
            "log_statement": "none" if self.durations else "all",
            "log_min_duration_statement": "0" if self.durations else "-1",
            "log_parameter_max_length": "-1" if self.durations else "0",
        }
        changes = [f"ALTER SYSTEM SET {name} = '{value}'" for name, value in settings.items()]
        self.server.run(*changes, "SELECT pg_reload_conf()")
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        names = ("log_line_prefix", "log_statement", "log_min_duration_statement", "log_parameter_max_length")
        self.server.run(*(f"ALTER SYSTEM RESET {name}" for name in names), "SELECT pg_reload_conf()")

    def count(self, application: str, begin: str, end: str) -> tuple[int, int]:
        """Statements of an application between two marks, and those among them that only frame others."""
        text = self._between(begin, end)
        prefix = re.escape(application)
        sent = re.findall(rf"^{prefix}\|LOG: +(?:execute [^:]*|statement): (.*)$", text, re.MULTILINE)
        frames = sum(FRAMES.match(one) is not None for one in sent)
        return len(sent) - frames, frames

    def timed(self, application: str, begin: str, end: str) -> list[tuple[float, str]]:
        """Milliseconds and text of an application's statements between two marks, their parameters put in."""
        entries = re.split(r"^(?=[^\t\n|]*\|)", self._between(begin, end), flags=re.MULTILINE)
        found = []
        for entry, detail in zip(entries, [*entries[1:], ""], strict=True):
            line = re.match(rf"{re.escape(application)}\|LOG: +duration: ([\d.]+) ms +execute [^:]*: (.*)", entry, re.S)
            if line:
                given = detail if detail.startswith(f"{application}|DETAIL:") else ""
                found.append((float(line[1]), _put_in(line[2].strip(), given)))
        return found

    def mark(self, text: str) -> None:
        self.server.run(f"SELECT '{text}'")

    def _between(self, begin: str, end: str) -> str:
        folder = FOLDER / "postgres" / "log"
        until = time.monotonic() + 10
        while time.monotonic() < until:  # the supervisor writes the log a little later
            text = "".join(
                _read(str(folder / name)).decode("utf-8", "replace") for name in ("postgres.log.1", "postgres.log")
            )
            if f"'{begin}'" in text and f"'{end}'" in text:
                return text.partition(f"'{begin}'")[2].partition(f"'{end}'")[0]
            time.sleep(0.05)
        raise SystemExit("The log of PostgreSQL does not have the statements.")


def our_seconds() -> float:
    """What this program took with all that it started, and the PostgreSQL of the measurements."""
    return tree_seconds(os.getpid(), postmaster())


def _put_in(statement: str, detail: str) -> str:
    """A statement with its parameters, which the log tells as $1 = 'text', $2 = NULL."""
    given = dict(re.findall(r"\$(\d+) = (NULL|'(?:[^']|'')*')", detail))
    return re.sub(r"\$(\d+)", lambda found: given.get(found[1], found[0]), statement)
