"""The documents as rows: writing and removing them. The public ones and the desk's lie in different tables."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from civic.db import copy_text, fetch
from civic.search.documents import Document, Key
from civic.search.postgres import vocabulary
from civic.search.postgres.encoding import DumpedDocument, dump_document, encode_rows
from civic.search.postgres.sql import COLUMNS, DESK_SEARCHED, DIGESTS, MATCHING, REMOVE, TIDY
from civic.search.subjects import desk_subjects

CHUNK_DOCUMENTS = 250  # encoded while the database takes those before


@dataclass(frozen=True, slots=True)
class DocumentTables:
    """Where an index lies; `vocabulary`: its words are kept, for correcting typing errors."""

    documents: str
    vocabulary: bool = False

    @property
    def searched(self) -> str:
        """What a search reads: the desk finds what it shares with everybody, too."""
        return DESK_SEARCHED.format(kind=desk_subjects()[0].kind) if self == DESK else self.documents

    @property
    def read_tables(self) -> list[str]:
        """The tables that `searched` reads."""
        return [PUBLIC.documents, DESK.documents] if self == DESK else [self.documents]


PUBLIC: Final = DocumentTables("search_document", vocabulary=True)
DESK: Final = DocumentTables("search_desk_document")


async def write_documents(
    documents: Iterable[Document], tables: DocumentTables = PUBLIC, *, rewrite: bool = False
) -> list[Key]:
    """Put documents into the index, in the transaction in hand if there is one; the keys of those that changed.

    `rewrite`: write them even if the index has them as they are given.
    """
    dumped = {one.document.key: one for one in map(dump_document, documents)}
    held = await read_digests(list(dumped), tables)
    changed = {key: one for key, one in dumped.items() if rewrite or held.get(key) != one.digest}
    if changed:
        await remove_documents([key for key in changed if key in held], tables)
        await _write(list(changed.values()), tables)
        await fetch(TIDY, tables.documents)
    return list(changed)


async def _write(documents: Sequence[DumpedDocument], tables: DocumentTables) -> None:
    words = set[str]()
    await copy_text(tables.documents, COLUMNS, _encoded(documents, words))
    if tables.vocabulary:
        await vocabulary.add_words(words)


async def _encoded(documents: Sequence[DumpedDocument], words: set[str]) -> AsyncIterator[bytes]:
    """Chunks of lines for COPY, each encoded in a thread; every word that they hold is added to `words`."""
    for at in range(0, len(documents), CHUNK_DOCUMENTS):
        lines, some = await asyncio.to_thread(encode_rows, documents[at : at + CHUNK_DOCUMENTS])
        words |= some
        yield lines


async def remove_documents(keys: Sequence[Key], tables: DocumentTables = PUBLIC) -> list[Key]:
    """Take documents out of the index; those that were there."""
    if not keys:
        return []
    rows = await fetch(REMOVE.format(documents=tables.documents), *key_columns(keys))
    return [(row["kind"], row["item_id"]) for row in rows]


async def read_digests(keys: Sequence[Key], tables: DocumentTables = PUBLIC) -> dict[Key, bytes]:
    """The digests of those documents that are in the index."""
    rows = await fetch(DIGESTS.format(documents=tables.documents), *key_columns(keys))
    return {(row["kind"], row["item_id"]): row["digest"] for row in rows}


async def match_documents(keys: Sequence[Key], words: str) -> set[Key]:
    """Those of the documents of the public index that a tsquery matches now."""
    rows = await fetch(MATCHING, *key_columns(keys), words) if words else ()
    return {(row["kind"], row["item_id"]) for row in rows}


def key_columns(keys: Collection[Key]) -> tuple[list[str], list[int]]:
    """Kinds and subjects, as unnest takes them."""
    return [str(kind) for kind, _ in keys], [item_id for _, item_id in keys]
