"""The rules of SQL: whose tables a domain reads, where statements stand, and who knows Tortoise from within."""

import ast
from collections import Counter

from civic.db import DOMAINS
from tests.source import domain, modules, relative, tree
from tests.sql_source import sql_texts, table_owners

PLACES_OF_SQL = {"queries", "actions", "sql"}
# Statements that still stand elsewhere; the number only shrinks.
MAX_STATEMENTS_ELSEWHERE = 63
PRIVATE_NAMES = {"_saved_in_db", "_meta", "_init_from_db", "_connection", "_enable_global_fallback", "_get_comments"}


def test_a_domain_reads_only_its_own_tables_and_those_above_it() -> None:
    wrong = [
        f"{one.module}:{one.line} names {table}, a table of {owner}"
        for one in sql_texts()
        for table in sorted(one.tables)
        if DOMAINS.index(owner := table_owners()[table]) > DOMAINS.index(str(domain(one.module)))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_table_has_a_domain() -> None:
    assert len(table_owners()) > 40
    assert set(table_owners().values()) <= set(DOMAINS)


def test_statements_stand_beside_queries_and_actions() -> None:
    found = Counter(
        one.module for one in sql_texts() if one.is_statement and not PLACES_OF_SQL & set(one.module.split(".")[2:])
    )
    assert found.total() <= MAX_STATEMENTS_ELSEWHERE, found


def test_only_db_knows_the_private_names_of_tortoise() -> None:
    wrong = [
        f"{relative(path)}:{node.lineno} {node.attr}"
        for name, path in modules().items()
        if name != "civic.db"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE_NAMES
        if not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert not wrong, "\n".join(wrong)


def test_only_db_asks_tortoise_for_its_connection() -> None:
    wrong = [
        relative(path)
        for name, path in modules().items()
        if name != "civic.db"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "tortoise.connection"
    ]
    assert not wrong, wrong
