"""The program as an operator starts it: `civic serve` in a process of its own, its workers beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.forked import run_forked

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Live:
    """A running program: its address, its folder, its database."""

    url: str
    var: Path
    database: str

    def civic(self, *arguments: str) -> str:
        """Run another command against it; what it printed. Raises RuntimeError."""
        return command(self.var, self.database, *arguments)


def environment(var: Path, database: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVIC_")}
    return kept | {
        "CIVIC_PATHS__VAR": str(var),
        "CIVIC_DATABASE__URL": database,
        "CIVIC_CONFIG": str(var / "config.toml"),
        "PYTHONPATH": str(ROOT),
    }


def command(var: Path, database: str, *arguments: str) -> str:
    """`civic …` to its end; what it printed. Raises RuntimeError with what it said on stderr."""
    done = run(var, database, *arguments)
    if done.returncode:
        raise RuntimeError(f"civic {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def run(var: Path, database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`civic …` to its end, whatever that is."""
    prepare(var)
    return run_forked(*arguments, environment=environment(var, database))


def prepare(var: Path) -> None:
    """An empty configuration, so that none of the checkout's is read."""
    var.mkdir(parents=True, exist_ok=True)
    (var / "config.toml").touch()


@contextmanager
def serving(var: Path, database: str) -> Iterator[Live]:
    """`civic serve` on a free port of 127.0.0.1, for as long as the block lasts."""
    prepare(var)
    log = var / "serve.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "civic", "serve", "--as-root", "--port", "0"],
            env=environment(var, database),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout
        with process.stdout:
            line = process.stdout.readline()
            try:
                if "http://" not in line:
                    process.wait()
                    raise RuntimeError(f"civic serve did not start:\n{line}{log.read_text()}")
                yield Live(line.split()[-1], var, database)
            finally:
                process.terminate()
                process.wait()
