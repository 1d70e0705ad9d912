"""What the tests of the rules know about the SQL in the source: its statements, and whose tables they name."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from civic.db import DOMAINS
from tests.source import ROOT, domain, modules, tree

# How a statement, or a part of one, begins.
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|TRUNCATE|ANALYZE|FROM|(LEFT )?JOIN|WHERE|AND|OR) ")
STATEMENT = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|TRUNCATE|ANALYZE|CREATE|ALTER|DROP)\s")
NAMED_TABLE = re.compile(r'\b(?:FROM|JOIN|INTO|UPDATE|TRUNCATE|ANALYZE)\s+(?:ONLY\s+)?"?([a-z_]+)"?')


@dataclass(frozen=True)
class SqlText:
    """A string of the source that is SQL; what an f-string fills in stands as `{}`."""

    module: str
    line: int
    text: str

    @property
    def is_statement(self) -> bool:
        return STATEMENT.match(self.text) is not None

    @property
    def tables(self) -> set[str]:
        """The known tables that it reads or writes."""
        return set(NAMED_TABLE.findall(self.text)) & set(table_owners())


def sql_texts() -> Iterator[SqlText]:
    """Every string of the domains that is SQL."""
    for name, path in modules().items():
        if domain(name) is None:
            continue
        nodes = list(ast.walk(tree(path)))
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if id(node) not in parts and (text := _text(node)) is not None and SQL.match(text):
                yield SqlText(name, getattr(node, "lineno", 0), text)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@cache
def table_owners() -> dict[str, str]:
    """The domain of each table: of its model, or of the SQL file that makes it."""
    owners = {"pgqueuer": "jobs"}
    for name, path in modules().items():
        if (of := domain(name)) and "models" in name.split(".")[2:]:
            owners |= dict.fromkeys(re.findall(r'^\s+table = "(\w+)"', path.read_text("utf-8"), re.MULTILINE), of)
    for path in (ROOT / "civic/migrations/initial").glob("*.sql"):
        of = next(one for one in DOMAINS if path.stem.split("_")[0] == one)
        owners |= dict.fromkeys(re.findall(r"^CREATE TABLE (\w+)", path.read_text("utf-8"), re.MULTILINE), of)
    return owners
