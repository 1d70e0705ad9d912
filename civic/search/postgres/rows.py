"""The documents as rows: writing, reading, removing them. The public ones and the desk's lie in different tables."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from civic.db import fetch
from civic.search.documents import Document
from civic.search.postgres import vocabulary
from civic.search.postgres.encoding import DumpedDocument, dump_document, encode_rows, load_document
from civic.search.postgres.sql import CASTS, COLUMNS, DIGESTS, MATCHING, READ, REMOVE, TEXTS, TIDY

Key = tuple[str, int]  # kind and item_id of a document

CHUNK_DOCUMENTS = 250  # written by one statement


@dataclass(frozen=True, slots=True)
class DocumentTables:
    """Where an index lies; `vocabulary`: its words are kept, for correcting typing errors."""

    documents: str
    texts: str
    vocabulary: bool = False


PUBLIC: Final = DocumentTables("search_document", "search_text", vocabulary=True)
DESK: Final = DocumentTables("search_desk_document", "search_desk_text")

GIVEN = ", ".join(f"${n}::{sent}[]" for n, sent in enumerate((COLUMNS | TEXTS).values(), start=1))
WRITE = f"""
WITH given AS (SELECT * FROM unnest({GIVEN}) AS x ({", ".join(COLUMNS | TEXTS)})),
written AS (
    INSERT INTO {{documents}} ({", ".join(COLUMNS)})
    SELECT {", ".join(CASTS.get(name, name) for name in COLUMNS)} FROM given
    ON CONFLICT (kind, item_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in list(COLUMNS)[2:])}
    RETURNING id, kind, item_id)
INSERT INTO {{texts}} (id, {", ".join(TEXTS)})
SELECT written.id, {", ".join(TEXTS)} FROM written JOIN given USING (kind, item_id)
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in TEXTS)}
"""


async def write_documents(
    documents: Iterable[Document], tables: DocumentTables = PUBLIC, *, rewrite: bool = False
) -> list[Key]:
    """Put documents into the index, in the transaction in hand if there is one; the keys of those that changed.

    `rewrite`: write them even if the index has them as they are given.
    """
    given = {(one.kind, one.item_id): one for one in documents}
    dumped = {key: dump_document(one) for key, one in given.items()}
    held = {} if rewrite else await read_digests(list(given), tables)
    changed = {key: one for key, one in dumped.items() if held.get(key) != one.digest}
    if changed:
        await _write(list(changed.values()), tables)
        await fetch(TIDY, tables.documents)
    return list(changed)


async def _write(documents: Sequence[DumpedDocument], tables: DocumentTables) -> None:
    """While the database writes some documents, the next ones are encoded in a thread."""
    sql = WRITE.format(documents=tables.documents, texts=tables.texts)
    async for columns, words in _encoded_ahead(documents):
        await fetch(sql, *columns)
        if tables.vocabulary:
            await vocabulary.add_words(words)


async def _encoded_ahead(
    documents: Sequence[DumpedDocument],
) -> AsyncIterator[tuple[list[tuple[Any, ...]], set[str]]]:
    """Chunk after chunk, as `encode_rows` gives it; the next one is at work while the caller has one."""
    chunks = _chunks(documents)
    following = asyncio.ensure_future(asyncio.to_thread(encode_rows, next(chunks)))
    for chunk in chunks:
        encoded = await following
        following = asyncio.ensure_future(asyncio.to_thread(encode_rows, chunk))
        yield encoded
    yield await following


def _chunks(documents: Sequence[DumpedDocument]) -> Iterator[Sequence[DumpedDocument]]:
    return (documents[at : at + CHUNK_DOCUMENTS] for at in range(0, len(documents), CHUNK_DOCUMENTS))


async def remove_documents(keys: Sequence[Key], tables: DocumentTables = PUBLIC) -> list[Key]:
    """Take documents out of the index; those that were there."""
    if not keys:
        return []
    sql = REMOVE.format(documents=tables.documents, texts=tables.texts)
    return [(row["kind"], row["item_id"]) for row in await fetch(sql, *key_columns(keys))]


async def read_digests(keys: Sequence[Key], tables: DocumentTables = PUBLIC) -> dict[Key, bytes]:
    """The digests of those documents that are in the index."""
    sql = DIGESTS.format(documents=tables.documents, texts=tables.texts)
    return {(row["kind"], row["item_id"]): bytes(row["digest"]) for row in await fetch(sql, *key_columns(keys))}


async def read_documents(keys: Sequence[Key], tables: DocumentTables = PUBLIC) -> list[Document]:
    """Those of the documents that are in the index, as they are there, in the order of the keys."""
    sql = READ.format(documents=tables.documents, texts=tables.texts)
    sql += " JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id"
    found = {(row["kind"], row["item_id"]): load_document(row) for row in await fetch(sql, *key_columns(keys))}
    return [found[key] for key in keys if key in found]


async def match_documents(keys: Sequence[Key], words: str) -> set[Key]:
    """Those of the documents of the public index that a tsquery matches now."""
    rows = await fetch(MATCHING, *key_columns(keys), words) if words else ()
    return {(row["kind"], row["item_id"]) for row in rows}


async def read_documents_by_id(ids: Sequence[int], tables: DocumentTables = PUBLIC) -> dict[int, Document]:
    """Documents by the ids of their rows."""
    sql = READ.format(documents=tables.documents, texts=tables.texts) + " WHERE d.id = ANY($1)"
    return {row["id"]: load_document(row) for row in await fetch(sql, list(ids))}


def key_columns(keys: Collection[Key]) -> tuple[list[str], list[int]]:
    """Kinds and subjects, as unnest takes them."""
    return [str(kind) for kind, _ in keys], [item_id for _, item_id in keys]
