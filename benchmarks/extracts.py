"""Loading a city from an OpenStreetMap extract: `python -m benchmarks extracts [--streets 50000] [--extract FILE]`.

Each is a program as an operator starts it: `civic pack new` and `civic load` with a database of its own. Memory is that
of the program and of the tippecanoe that it starts, added up, looked at twenty times a second; PostgreSQL is not
in it. Without a file the extract is a made one: streets of ten crossings in a grid, each in nine ways, with six house
numbers. Then addresses are looked up in what was loaded.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

from civic.cli.common import run_with_database
from civic.config import Config
from civic.db import fetch
from civic.geo import queries

ROOT = Path(__file__).parents[1]
CIVIC = (sys.executable, "-m", "civic")
STREET_NODES, HOUSES = 10, 6
WEST, SOUTH, STEP = 24.8, 60.1, 0.0008
LOOK_SECONDS = 0.05
PROBES = 200


def write_grid(path: Path, streets: int) -> None:
    """Half of the streets run east, half of them north, and each meets ten others."""
    side = round((streets / 2 * STREET_NODES) ** 0.5 / STREET_NODES) * STREET_NODES
    header = osmium.io.Header()
    end = osmium.osm.Location(WEST + side * STEP, SOUTH + side * STEP)
    header.add_box(osmium.osm.Box(osmium.osm.Location(WEST, SOUTH), end))
    with osmium.SimpleWriter(str(path), overwrite=True, header=header) as file:
        for row in range(side):
            for column in range(side):
                at = (WEST + column * STEP, SOUTH + row * STEP)
                file.add_node(Node(id=row * side + column + 1, location=at))
        file.add_node(Node(id=side * side + 1, location=at, tags={"place": "city", "name": "Ruutukylä"}))
        number = side * side + 2
        for street, nodes in _streets(side):
            for house in range(1, HOUSES + 1):
                row, column = divmod(nodes[house] - 1, side)
                at = (WEST + column * STEP + STEP / 5, SOUTH + row * STEP + STEP / 5)
                tags = {"addr:street": _name(street), "addr:housenumber": str(house)}
                file.add_node(Node(id=number, location=at, tags=tags))
                number += 1
        number = 1
        for street, nodes in _streets(side):
            tags = {"highway": "residential", "name": _name(street), "name:sv": f"Gränd {street} gatan"}
            for pair in itertools.pairwise(nodes):
                file.add_way(Way(id=number, nodes=list(pair), tags=tags))
                number += 1


def _streets(side: int) -> Iterator[tuple[int, list[int]]]:
    number = 0
    for line in range(side):
        for first in range(0, side, STREET_NODES):
            yield number, [line * side + first + n + 1 for n in range(STREET_NODES)]
            yield number + 1, [(first + n) * side + line + 1 for n in range(STREET_NODES)]
            number += 2


def _name(street: int) -> str:
    return f"Koekatu {street} tie"


def run(arguments: Iterable[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command of civic: seconds, and the most memory that it and its tippecanoe had at once, in MB."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen([*CIVIC, *arguments], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(LOOK_SECONDS)
    if process.returncode:
        raise SystemExit(f"civic {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - start, peak / 2**20


def _resident(pid: int) -> int:
    total = 0
    for one in (pid, *_children(pid)):
        try:
            fields = Path(f"/proc/{one}/statm").read_text().split()
            command = Path(f"/proc/{one}/cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if one == pid or b"tippecanoe" in command:
            total += int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


async def look_up(_config: Config) -> None:
    """Milliseconds of look-ups, in this process: the median, and what 95 % are quicker than."""
    names = await fetch("SELECT names, lat, lon FROM place WHERE kind = 'street' ORDER BY id LIMIT $1", PROBES)
    every = names * (PROBES // len(names) + 1)
    kinds = {
        "a house": [f"{one['names'][next(iter(one['names']))]} 3" for one in every],
        "a street": [one["names"][next(iter(one["names"]))] for one in every],
        "a wrong letter": ["x" + one["names"][next(iter(one["names"]))] for one in every],
        "nothing": [f"Tuntematon {number} polku" for number in range(PROBES)],
    }
    for kind, texts in kinds.items():
        print(f"  {kind:16} {await _measure(queries.geocode, texts[:PROBES])}")
    places = [(one["lat"] + 0.0001, one["lon"]) for one in every[:PROBES]]
    print(f"  {'a pin':16} {await _measure(lambda at: queries.nearest_place(*at), places)}")


async def _measure(ask: object, inputs: list[object]) -> str:
    assert callable(ask)
    took = []
    for one in inputs:
        start = time.perf_counter()
        await ask(one)
        took.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(took):.1f} ms, 95 % {statistics.quantiles(took, n=20)[-1]:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streets", type=int, default=50_000)
    parser.add_argument("--extract", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="civic-extracts-") as folder:
        os.chmod(folder, 0o755)
        measure(Path(folder), options.extract, options.streets)


def measure(folder: Path, extract: Path | None, streets: int) -> None:
    environment = os.environ | {"CIVIC_PATHS__VAR": str(folder / "var")}
    environment.pop("CIVIC_DATABASE__URL", None)
    path = extract or folder / "grid.osm.pbf"
    if extract is None:
        write_grid(path, streets)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    pack = folder / "pack"
    steps = {
        "civic pack new": ("pack", "new", str(pack), "--osm", str(path), "--country", "FI"),
        "civic migrate": ("migrate",),
        "civic load": ("load", str(pack)),
        "civic load again": ("load", str(pack)),
    }
    for name, arguments in steps.items():
        seconds, memory = run(arguments, environment)
        print(f"  {name:16} {seconds:.1f} s, {memory:.0f} MB", flush=True)
    os.environ.update(environment)
    run_with_database(look_up)


if __name__ == "__main__":
    main()
