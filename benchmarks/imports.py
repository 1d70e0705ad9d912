"""How fast a city's history comes in, and how much memory all processes take meanwhile.

python benchmarks/imports.py FILE MAP.toml [FILE MAP.toml …]

Each file goes on top of those before, into one new embedded PostgreSQL, fsync on.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY = 0.5  # seconds between two looks at the memory


def processes(var: Path) -> Iterator[Path]:
    """Those that work in the folder: the import itself and PostgreSQL's."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(var) in (path / "cmdline").read_text() or (path / "cwd").resolve().is_relative_to(var):
                yield path
        except OSError:
            continue


def memory(var: Path) -> int:
    """Bytes of all of them; what they share is counted once."""
    total = 0
    for path in processes(var):
        try:
            lines = (path / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


@contextmanager
def watching(var: Path) -> Iterator[list[int]]:
    """The highest memory so far, in a list of one."""
    peak, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(EVERY):
            peak[0] = max(peak[0], memory(var))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def run(var: Path, file: str, mapping: str) -> None:
    rejects = var / "rejects.jsonl"  # also tells this program's processes from others
    command = [sys.executable, "-m", "civic", "import", file, "--mapping", mapping, "--rejects", str(rejects), "--json"]
    with watching(var) as peak:
        done = subprocess.run(
            command,
            env=os.environ | {"CIVIC_PATHS__VAR": str(var)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    said = json.loads(done.stdout)
    rows = said["imported"] + said["refused"] + said["unchanged"]
    rate = rows / max(said["seconds"], 1e-9)
    print(
        f"{Path(file).name:32} {said['imported']:>7,} imported {said['refused']:>5,} refused {said['seconds']:7.1f} s"
        f" {rate:7,.0f} rows/s {peak[0] / 2**20:6.0f} MiB"
    )


def main(arguments: list[str]) -> None:
    if not arguments or len(arguments) % 2:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(prefix="civic-imports-") as folder:
        os.chmod(folder, 0o755)
        for file, mapping in zip(arguments[::2], arguments[1::2], strict=True):
            run(Path(folder) / "var", file, mapping)


if __name__ == "__main__":
    main(sys.argv[1:])
