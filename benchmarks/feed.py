"""How fast the index catches up after an import: marks for each report, documents a second, CPU of both processes.

    python -m benchmarks.feed FILE MAP.toml [MARKS]     # only so many marks are worked off

The file is imported into a new embedded PostgreSQL. Where something else runs on the machine, the CPU that a document
costs in Python and in PostgreSQL says more than the time.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from civic import config as configuration
from civic import db
from civic.composition import install_hooks
from civic.db import fetch
from civic.search import feed

COUNTS = """
SELECT (SELECT count(*) FROM search_dirty) AS marks, (SELECT count(*) FROM report) AS reports,
    (SELECT count(*) FROM search_document) + (SELECT count(*) FROM search_desk_document) AS documents
"""
TICKS = os.sysconf("SC_CLK_TCK")


async def _backend_seconds() -> float:
    """CPU seconds of PostgreSQL's processes that work for this one."""
    rows = await fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    return sum(_cpu_seconds(row["pid"]) for row in rows)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _measure(most: int) -> None:
    install_hooks()
    config = configuration.load_config()
    with db.database_url(config) as url:
        async with db.connect(url, 4):
            [before] = await fetch(COUNTS)
            print(f"{before['marks'] / before['reports']:.2f} marks a report ({before['reports']:,} reports)")
            began, own, backend = time.perf_counter(), time.process_time(), await _backend_seconds()
            done = 0
            while done < most and (worked_off := await feed.step()):
                done += worked_off
            seconds, own = time.perf_counter() - began, time.process_time() - own
            backend = await _backend_seconds() - backend
            [after] = await fetch(COUNTS)
            n = after["documents"] - before["documents"]
            print(f"{n:,} documents in {seconds:.1f} s: {n / seconds:,.0f}/s")
            print(f"CPU a document: {own / n * 1e6:.0f} µs in Python, {backend / n * 1e6:.0f} µs in PostgreSQL")


def main(arguments: list[str]) -> None:
    if len(arguments) not in (2, 3):
        raise SystemExit(__doc__)
    file, mapping = arguments[:2]
    with tempfile.TemporaryDirectory(prefix="civic-feed-") as folder:
        os.chmod(folder, 0o755)  # root's server runs as another account, which has to enter
        os.environ["CIVIC_PATHS__VAR"] = str(Path(folder) / "var")
        command = [sys.executable, "-m", "civic", "import", file, "--mapping", mapping]
        subprocess.run([*command, "--rejects", str(Path(folder) / "rejects.jsonl")], check=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_measure(int(arguments[2]) if arguments[2:] else sys.maxsize))


if __name__ == "__main__":
    main(sys.argv[1:])
