"""What the tests of the rules know about the source: its files, who imports whom, its functions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from civic.db import DOMAINS

ROOT = Path(__file__).parents[1]
PACKAGES = ("civic", "workers")


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), relative(path))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    return {module_name(path): path for path in python_files(*PACKAGES) if "migrations" not in path.parts}


@cache
def imports(name: str) -> frozenset[str]:
    """The program's own modules that a module imports, at any level of it, type checking included."""
    found: set[str] = set()
    for node in ast.walk(tree(modules()[name])):
        if isinstance(node, ast.Import):
            found.update(known for alias in node.names if (known := _known(alias.name)))
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}: relative imports hide where things are"
            for alias in node.names:
                if known := _known(f"{node.module}.{alias.name}"):
                    found.add(known)
    return frozenset(found - {name})


def _known(dotted: str) -> str | None:
    """`civic.web.render` is of the module `civic.web`; what is not the program's own, of none."""
    while dotted:
        if dotted in modules():
            return dotted
        dotted = dotted.rpartition(".")[0]
    return None


def domain(name: str) -> str | None:
    """The domain that a module belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "civic" and parts[1] in DOMAINS else None


@dataclass(frozen=True)
class Function:
    where: str
    lines: int
    documented: bool


def functions() -> Iterator[Function]:
    """Every function of the program, with its length from `def` to its end."""
    for path in modules().values():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                where = f"{relative(path)}:{node.lineno} {node.name}"
                yield Function(where, lines, ast.get_docstring(node) is not None)
