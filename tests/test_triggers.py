"""docs/triggers.md tells what the database does by itself; triggers guard, mark and keep, and decide nothing."""

import re
from collections.abc import Iterator

from civic.db import fetch
from tests.source import ROOT

TRIGGERS = """
SELECT t.tgrelid::regclass::text AS table, t.tgname AS name, p.prosrc AS source
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
"""
SEARCH = "search_"


def documented() -> Iterator[tuple[str, str, str]]:
    """(trigger, table, kind) of each row of the page."""
    for line in (ROOT / "docs/triggers.md").read_text("utf-8").splitlines():
        if match := re.match(r"\| `(\w+)` \| `(\w+)` \| (\w+) \|", line):
            yield match[1], match[2], match[3]


async def test_the_page_lists_the_triggers_of_the_database(database: str) -> None:
    found = {(row["name"], row["table"]) for row in await fetch(TRIGGERS) if not row["name"].startswith(SEARCH)}
    assert found == {(name, table) for name, table, _kind in documented()}


async def test_a_trigger_of_search_writes_marks_and_nothing_else(database: str) -> None:
    rows = [row for row in await fetch(TRIGGERS) if row["name"].startswith(SEARCH)]
    assert rows
    for row in rows:
        written = re.findall(r"\b(?:INSERT INTO|(?<!DO )UPDATE|DELETE FROM)\s+(\w+)", row["source"])
        assert written, row["name"]
        assert all(table.startswith(SEARCH) for table in written), (row["name"], written)


def test_no_trigger_decides() -> None:
    assert {kind for _name, _table, kind in documented()} == {"guard", "mark", "keep"}


async def test_a_trigger_that_keeps_writes_what_the_map_counts_and_nothing_else(database: str) -> None:
    kept = {name for name, _table, kind in documented() if kind == "keep"}
    sources = [row["source"] for row in await fetch(TRIGGERS) if row["name"] in kept]
    [called] = await fetch("SELECT prosrc AS source FROM pg_proc WHERE proname = 'put_report_points'")
    assert sources
    for source in (*sources, called["source"]):
        written = re.findall(r"\b(?:INSERT INTO|(?<!DO )(?<!KEY )UPDATE|DELETE FROM)\s+(\w+)", source)
        assert set(written) <= {"report_point", "report_cell_change"}, written
        assert written or "put_report_points" in source
