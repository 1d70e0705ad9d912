"""What a template database is made of, as a digest: another one as soon as a file of it changes."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# `from civic.x import a, b`, over several lines too, and `import civic.x`.
IMPORTS = re.compile(r"^\s*(?:from\s+(civic[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+(civic[\w.]*))", re.MULTILINE)


def digest(sources: Iterable[str], alone: Iterable[Path] = ()) -> str:
    """12 hex digits that stand for the contents of the sources and of every module of Civic that they import.

    A source is a module (`civic.sla.actions`) or a folder (`civic/demo/pack`). Raises FileNotFoundError. Of the files
    `alone`, what they import does not count.
    """
    total = hashlib.sha256()
    for file in sorted({*_with_imports(file for source in sources for file in _files(source)), *alone}):
        total.update(f"{file.relative_to(ROOT)}\n".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:12]


def _files(source: str) -> Iterator[Path]:
    if "/" not in source and (module := _module(source)):
        yield module
    elif (folder := ROOT / source).is_dir():
        yield from (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
    else:
        raise FileNotFoundError(source)


def _with_imports(files: Iterable[Path]) -> set[Path]:
    reached, waiting = set[Path](), list(files)
    while waiting:
        if (file := waiting.pop()) not in reached:
            reached.add(file)
            if file.suffix == ".py":
                waiting.extend(_imports(file))
    return reached


@cache
def _imports(file: Path) -> list[Path]:
    """The files of the modules of Civic that a file imports."""
    names = []
    for module, members, plain in IMPORTS.findall(file.read_text("utf-8")):
        names += [module or plain, *(f"{module}.{member}" for member in re.findall(r"\w+", members))]
    return [path for name in names if (path := _module(name))]


@cache
def _module(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
