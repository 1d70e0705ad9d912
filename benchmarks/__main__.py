"""`make bench`: every benchmark, one after another, with a PostgreSQL of its own; names as arguments choose some.

`python -m benchmarks house DIR …` prints how the code of these checkouts is built, a column for each; `web …` and
`city …` measure what many people ask for, and a city as large as one likes. They run by name only, as each takes what
follows it as its own arguments; `--help` lists them.

Files of benchmarks/ are programs; what they print is what docs/benchmarks.md records. The imports and the search need
real data: CIVIC_TEST_DATA says where it is, else they are left out. The pages need databases that were imported into:
CIVIC_BENCH_DATABASES names them (two URLs, a blank between).
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from civic.postgres.server import acquire

FOLDER = Path(__file__).parent
DATA = Path(os.environ.get("CIVIC_TEST_DATA", FOLDER.parents[1] / "shared" / "data"))
BY_NAME = ("house", "web", "city", "extracts", "phone")
HELPERS = ("bare", "load", "prepared", "rows", "search_corpus", "servers")
IMPORTS = {
    "jarokelo.toml": "jarokelo-budapest/*.jsonl.gz",
    "boston.toml": "boston-open311/*.jsonl.gz",
}


def arguments(name: str) -> list[str] | None:
    """What a benchmark is given; None leaves it out."""
    if name == "pages":
        return os.environ.get("CIVIC_BENCH_DATABASES", "").split() or None
    if name.startswith("search"):
        return [] if DATA.is_dir() else None
    if name not in ("imports", "feed"):
        return []
    mappings = FOLDER.parent / "docs" / "imports"
    pairs = [[str(file), str(mappings / m)] for m, pattern in IMPORTS.items() for file in sorted(DATA.glob(pattern))]
    if name == "feed":
        pairs = pairs[:1]
    return [argument for pair in pairs for argument in pair] or None


def main(names: list[str]) -> None:
    if names and names[0] in BY_NAME:
        raise SystemExit(subprocess.run([sys.executable, "-m", f"benchmarks.{names[0]}", *names[1:]]).returncode)
    every = sorted({path.stem for path in FOLDER.glob("[a-z]*.py")} - {*BY_NAME, *HELPERS})
    with tempfile.TemporaryDirectory(prefix="civic-bench-") as folder:
        os.chmod(folder, 0o755)  # root's server runs as another account, which has to enter
        with acquire(Path(folder)) as handle:
            environment = os.environ | {"CIVIC_TEST_DATABASE_URL": handle.url("postgres")}
            for name in names or every:
                given = arguments(name)
                print(f"\n== {name}" + (": left out, no data" if given is None else ""), flush=True)
                if given is not None:
                    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *given], env=environment, check=True)
            handle.release(wait=True)


if __name__ == "__main__":
    main(sys.argv[1:])
