"""How the code is built, in figures: names, sizes, SQL, types, triggers.

python -m benchmarks house [CHECKOUT …]      one column a checkout; the one that this file is of, if none is named

The migrations are left out, and so is the schema that pgqueuer brings.
"""

import ast
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TypeGuard

import asyncpg

from civic.postgres.server import acquire

ROOT = Path(__file__).parents[1]
NOT_DOMAINS = {"cli", "locale", "migrations", "postgres"}
DOMAIN_FILES = {"models", "queries", "actions", "forms", "views", "documents", "schemas", "sql"}
SQL_PLACES = {"queries", "actions", "sql"}  # a module, or a package of modules
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH(?! \())\s")
STATUSES = {"received", "assigned", "in_progress", "waiting", "resolved", "confirmed", "declined", "merged"}
QUOTED_STATUS = re.compile(
    "(['\"])({0})\\1|\\b({0})\\s*:".format("|".join(STATUSES))
)  # a string, or a key of JavaScript
PRIVATE = {"_saved_in_db", "_meta", "_init_from_db", "_connection", "_enable_global_fallback", "_get_comments"}
VAGUE = {"found", "one", "now", "said", "told", "made"}
LONG_LINE = 160
TRIGGERS = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"


@dataclass(frozen=True)
class Source:
    """A Python file of the program."""

    path: Path
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def strings(self) -> list[str]:
        """Its strings; of an f-string the part before the first value."""
        pieces = {id(part) for node in self.nodes if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
        texts = (node for node in self.nodes if isinstance(node, ast.Constant) and id(node) not in pieces)
        return [node.value for node in texts if isinstance(node.value, str)]


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    where: str
    lines: int
    public: bool
    documented: bool
    typed: bool


class House:
    """A checkout, read whole."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources = [self._source(path) for path in self._python("civic", "workers")]

    def _python(self, *folders: str) -> list[Path]:
        files = chain.from_iterable(sorted((self.root / folder).rglob("*.py")) for folder in folders)
        return [path for path in files if "migrations" not in path.parts]

    def _source(self, path: Path) -> Source:
        text = path.read_text("utf-8")
        return Source(path.relative_to(self.root), text, ast.parse(text))

    def files(self, folder: str, *suffixes: str) -> list[Path]:
        """The files of a folder that are written by hand: nothing of static/vendor."""
        paths = (path for path in sorted((self.root / folder).rglob("*")) if path.suffix in suffixes)
        return [path for path in paths if "vendor" not in path.relative_to(self.root).parts]

    @cached_property
    def functions(self) -> list[Function]:
        return [self._function(source, node) for source in self.sources for node in source.nodes if _is_function(node)]

    def _function(self, source: Source, node: FunctionNode) -> Function:
        return Function(
            where=f"{source.path}: {node.name}",
            lines=(node.end_lineno or node.lineno) - node.lineno + 1,
            public=not node.name.startswith("_"),
            documented=ast.get_docstring(node) is not None,
            typed=node.returns is not None,
        )

    @cached_property
    def lengths(self) -> list[int]:
        return sorted(function.lines for function in self.functions)

    @property
    def domain_modules(self) -> list[Path]:
        paths = (source.path for source in self.sources if len(source.path.parts) > 2)
        inside = (path for path in paths if path.parts[0] == "civic" and path.parts[1] not in NOT_DOMAINS)
        return [path for path in inside if path.name != "__init__.py"]

    @property
    def classes(self) -> Counter[str]:
        """How many public classes have a name."""
        nodes = chain.from_iterable(source.tree.body for source in self.sources)
        return Counter(node.name for node in nodes if isinstance(node, ast.ClassDef) and node.name[0] != "_")

    def statements(self, kept: Callable[[Source], bool] = lambda source: True) -> int:
        return sum(bool(SQL.match(text)) for source in self.sources if kept(source) for text in source.strings)

    def count(self, pattern: str) -> int:
        return sum(len(re.findall(pattern, source.text)) for source in self.sources)

    def lines_with(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for source in self.sources for line in source.text.splitlines())


def _is_function(node: ast.AST) -> TypeGuard[FunctionNode]:
    return isinstance(node, FunctionNode)


# --- the figures ----------------------------------------------------------------------------------------------------


def size(house: House) -> str:
    lines = sum(source.text.count("\n") for source in house.sources)
    return f"{lines:,} in {len(house.sources)} files, {len(house.functions):,} functions"


def function_lines(house: House) -> str:
    lengths = house.lengths
    at = (lengths[int(len(lengths) * share)] for share in (0.5, 0.9, 0.99))
    return " / ".join(map(str, (*at, lengths[-1])))


def long_functions(house: House) -> str:
    return str(sum(length > 40 for length in house.lengths))


def return_types(house: House) -> str:
    return _share(sum(function.typed for function in house.functions), len(house.functions))


def docstrings(house: House) -> str:
    public = [function for function in house.functions if function.public]
    return (
        f"{_share(sum(function.documented for function in house.functions), len(house.functions))} "
        f"({_share(sum(function.documented for function in public), len(public))} of public)"
    )


def long_files(house: House) -> str:
    longest = max(house.sources, key=lambda source: source.text.count("\n"))
    return f"{sum(source.text.count(chr(10)) > 400 for source in house.sources)}; {longest.text.count(chr(10))}"


def test_lines(house: House) -> str:
    lines = sum(path.read_text("utf-8").count("\n") for path in house._python("tests"))
    code = sum(source.text.count("\n") for source in house.sources)
    return f"{lines:,}; {lines / code:.2f}"


def other_modules(house: House) -> str:
    modules = house.domain_modules
    others = [path for path in modules if path.stem not in DOMAIN_FILES]
    return f"{len(others)} of {len(modules)} ({_share(len(others), len(modules))})"


def double_classes(house: House) -> str:
    return str(sum(count > 1 for count in house.classes.values()))


def vague_names(house: House) -> str:
    nodes = chain.from_iterable(source.nodes for source in house.sources)
    names = (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    counts = Counter(name for name in names if name in VAGUE)
    return ", ".join(f"{name} {counts[name]}" for name in sorted(VAGUE))


def short_constants(house: House) -> str:
    """Numbers at the top of a module whose name is one word: it says no subject, or no unit."""
    nodes = chain.from_iterable(source.tree.body for source in house.sources)
    return str(sum(_is_number(node) and "_" not in _target(node) for node in nodes if isinstance(node, ast.Assign)))


def _is_number(node: ast.Assign) -> bool:
    return isinstance(node.value, ast.Constant) and type(node.value.value) in (int, float) and _target(node).isupper()


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def status_codes(house: House) -> str:
    python = sum(_has_status(source) for source in house.sources)
    others = {
        "templates": house.files("templates", ".html"),
        "scripts": house.files("static", ".js"),
        "SQL files": house.files("civic", ".sql"),
    }
    counts = {name: sum(_quotes_status(path) for path in paths) for name, paths in others.items()}
    return f"{python} Python files, " + ", ".join(f"{count} {name}" for name, count in counts.items())


def _has_status(source: Source) -> bool:
    return any(text in STATUSES or (SQL.match(text) and QUOTED_STATUS.search(text)) for text in source.strings)


def _quotes_status(path: Path) -> bool:
    return bool(QUOTED_STATUS.search(path.read_text("utf-8")))


def statements(house: House) -> str:
    elsewhere = house.statements(lambda source: not SQL_PLACES & {source.path.stem, source.path.parent.name})
    return f"{elsewhere} of {house.statements()}"


def private_names(house: House) -> str:
    sources = (source for source in house.sources if source.path.name != "db.py")
    return str(sum(isinstance(node, ast.Attribute) and node.attr in PRIVATE for s in sources for node in s.nodes))


def json_by_hand(house: House) -> str:
    return str(house.count(r"json\.loads\(|\bjson_value\("))


def dict_of_any(house: House) -> str:
    return f"{house.count(re.escape('dict[str, Any]'))}; {house.lines_with(r'Any')}"


def broad_excepts(house: House) -> str:
    handlers = [node for source in house.sources for node in source.nodes if isinstance(node, ast.ExceptHandler)]
    broad = [node for node in handlers if getattr(node.type, "id", "Exception") in ("Exception", "BaseException")]
    return f"{sum(not isinstance(node.type, ast.Tuple | ast.Attribute) for node in broad)} of {len(handlers)}"


def long_lines(*folders: str) -> Callable[[House], str]:
    def measure(house: House) -> str:
        paths = chain.from_iterable(house.files(folder, ".html", ".css", ".js") for folder in folders)
        lengths = [len(line) for path in paths for line in path.read_text("utf-8").splitlines()]
        return f"{sum(length > LONG_LINE for length in lengths)} of {len(lengths):,}; {max(lengths)}"

    return measure


def triggers(house: House) -> str:
    """Counted in a database that the checkout migrates."""
    with tempfile.TemporaryDirectory(prefix="civic-house-") as folder:
        os.chmod(folder, 0o755)  # root's server runs as another account, which has to enter
        with acquire(Path(folder), durable=False) as handle:
            url = handle.url()
            environment = os.environ | {"CIVIC_DATABASE__URL": url, "PYTHONPATH": str(house.root)}
            command = [sys.executable, "-P", "-m", "civic", "migrate"]
            subprocess.run(command, cwd=house.root, env=environment, check=True, stdout=subprocess.DEVNULL)
            count = asyncio.run(_count(url, TRIGGERS))
            handle.release(wait=True)
    return str(count)


async def _count(url: str, sql: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


FIGURES: dict[str, Callable[[House], str]] = {
    "lines of Python": size,
    "lines of a function: median / 90 % / 99 % / longest": function_lines,
    "functions of more than 40 lines": long_functions,
    "functions with a return type": return_types,
    "functions with a docstring": docstrings,
    "files of more than 400 lines; longest": long_files,
    "lines of tests; for each line of code": test_lines,
    "modules of domains other than " + " ".join(sorted(DOMAIN_FILES)): other_modules,
    "public class names that stand for two things or more": double_classes,
    "vague local names assigned": vague_names,
    "numbers whose name is one word": short_constants,
    "files with a status code": status_codes,
    "SQL statements outside queries, actions, sql": statements,
    "private names of Tortoise outside db.py": private_names,
    "JSON of the database decoded by hand": json_by_hand,
    "`dict[str, Any]`; lines with `Any`": dict_of_any,
    "broad `except`": broad_excepts,
    f"lines over {LONG_LINE} characters in templates; longest": long_lines("templates"),
    f"lines over {LONG_LINE} characters in CSS and scripts; longest": long_lines("static"),
    "triggers": triggers,
}


def table(roots: Iterable[Path]) -> Iterator[str]:
    """The figures as Markdown, a column a checkout."""
    houses = [House(root) for root in roots]
    yield f"| | {' | '.join(house.root.name for house in houses)} |"
    yield "|---" * (len(houses) + 1) + "|"
    for name, measure in FIGURES.items():
        yield f"| {name} | {' | '.join(measure(house) for house in houses)} |"


def main() -> None:
    for line in table([Path(argument).resolve() for argument in sys.argv[1:]] or [ROOT]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
