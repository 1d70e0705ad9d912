"""What the index holds, and what is found in it."""

import json
from collections.abc import Awaitable, Sequence
from typing import Any

from civic.db import Row, execute, fetch
from civic.search.documents import Document, Query
from civic.search.engine import Differences
from civic.search.postgres import rows
from civic.search.postgres.encoding import document_digest
from civic.search.postgres.engine import PostgresEngine
from civic.search.queries import find, find_on_desk
from civic.search.subjects import read_documents
from civic.search.verify import check
from tests.indexed import indexed


async def finds(text: str) -> set[str]:
    """What everybody finds, as kind:item_id."""
    return {f"{one.kind}:{one.item_id}" for one in await _hits(find(Query(text=text, size=100)))}


async def finds_on_desk(text: str, readers: Sequence[int] | None = None) -> set[int]:
    """The cases that somebody of these departments finds, by any word; None: a dispatcher."""
    given = None if readers is None else tuple(readers)
    return {one.item_id for one in await _hits(find_on_desk(Query(text=text, size=100, readers=given)))}


async def _hits(found: Awaitable[Any]) -> list[Document]:
    return [hit.document for hit in (await found).hits]


async def documents(tables: rows.DocumentTables = rows.PUBLIC) -> list[Document]:
    """The documents of an index, which holds all of them as the posts have them now."""
    held = await fetch(f"SELECT kind, item_id, digest FROM {tables.documents} ORDER BY 1, 2")
    found = await read_documents([(row["kind"], row["item_id"]) for row in held], desk=tables == rows.DESK)
    assert [document_digest(one) for _, one in sorted(found.items())] == [row["digest"] for row in held]
    return [one for _, one in sorted(found.items())]


async def index_rows(tables: rows.DocumentTables = rows.PUBLIC) -> list[Row]:
    """Everything that an index holds, but for the numbers of its rows."""
    found = await fetch(f"SELECT d.*, words::text AS words FROM {tables.documents} d ORDER BY kind, item_id")
    return [{name: value for name, value in row.items() if name != "id"} for row in found]


async def everything(tables: rows.DocumentTables = rows.PUBLIC) -> str:
    """All words and values of an index, as one."""
    return json.dumps(await index_rows(tables), ensure_ascii=False, default=str)


async def whole() -> Differences:
    """Caught up, the index is what it should be."""
    await indexed()
    assert not await fetch("SELECT * FROM search_dirty")
    found = await check(PostgresEngine())
    assert found.keys() == []
    return found


async def forget_marks() -> None:
    """As if something had gone wrong."""
    await execute("DELETE FROM search_dirty")
