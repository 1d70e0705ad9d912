"""The documents as rows: writing, reading, removing them. The public ones and the desk's lie in different tables."""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from civic.db import execute, fetch
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Document, Kind
from civic.search.postgres import filter_labels, vocabulary
from civic.search.static_rank import static_rank
from civic.search.text import tokenize, tsvector_text

Key = tuple[str, int]  # kind and item_id of a document

MAX_TEXT_CHARS = 20_000  # characters of each text that are kept
CLEAN = dict.fromkeys(
    [ord(HIGHLIGHT_START), ord(HIGHLIGHT_END), 0, *range(0xD800, 0xE000)]
)  # halves of characters, too


@dataclass(frozen=True, slots=True)
class DocumentTables:
    """Where an index lies; `vocabulary`: its words are learnt."""

    documents: str
    texts: str
    vocabulary: bool = False


PUBLIC: Final = DocumentTables("search_document", "search_text", vocabulary=True)
DESK: Final = DocumentTables("search_desk_document", "search_desk_text")

COLUMNS = "kind, item_id, category_id, area_ids, department_id, status, at, support, lat, lon, static_rank, words"
TEXTS = "digest, document"
GIVEN = """
SELECT * FROM jsonb_to_recordset($1::jsonb) AS x (
    kind text, item_id bigint, category_id bigint, area_ids bigint[], department_id bigint, status text, at timestamptz,
    support int, lat float8, lon float8, static_rank float8, words tsvector,
    digest bytea, document bytea)
"""
WRITE = f"""
WITH given AS ({GIVEN}), written AS (
    INSERT INTO {{documents}} ({COLUMNS}) SELECT {COLUMNS} FROM given ON CONFLICT (kind, item_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[2:])}
    RETURNING id, kind, item_id)
INSERT INTO {{texts}} (id, {TEXTS}) SELECT written.id, {TEXTS} FROM written JOIN given USING (kind, item_id)
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in TEXTS.split(", "))}
"""
REMOVE = """
WITH gone AS (
    DELETE FROM {documents} d USING unnest($1::text[], $2::bigint[]) AS k (kind, item_id)
    WHERE d.kind = k.kind AND d.item_id = k.item_id RETURNING d.id, d.kind, d.item_id),
texts AS (DELETE FROM {texts} WHERE id IN (SELECT id FROM gone))
SELECT kind, item_id FROM gone
"""
DIGESTS = """
SELECT d.kind, d.item_id, t.digest FROM {documents} d JOIN {texts} t USING (id)
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id
"""
READ = "SELECT d.id, d.kind, d.item_id, t.document FROM {documents} d JOIN {texts} t USING (id)"

# Begins the deflating of each document: what nearly all of them have in common need not be kept.
COMMON_BYTES = (
    b'"area_ids": [], "names": [, "discussion": "", "title": "", "text": "", "extra": {"number": "", "address": "", '
    b'"confirmed_by": "", "cover": null, "width": null, "height": null}, "readers": [], "until": null, "category_id": '
    b'null, "department_id": null, "lat": null, "lon": null, "support": 0, "status": "received", "status": "resolved", '
    b'"status": "confirmed", "at": "2026-01-01T00:00:00+00:00", "url": "/desk/cases/", "url": "/reports/'
)


FIELDS = tuple(one.name for one in fields(Document) if one.name not in ("kind", "item_id"))


async def write_documents(
    documents: Iterable[Document], tables: DocumentTables = PUBLIC, *, rewrite: bool = False
) -> list[Key]:
    """Put documents into the index, in the transaction in hand if there is one; those that were not as given.

    `anew`: write them even if they are as given.
    """
    given = {(one.kind.value, one.item_id): one for one in documents}
    marks = {key: document_digest(one) for key, one in given.items()}
    had = {} if rewrite else await read_digests(list(given), tables)
    changed = {key: one for key, one in given.items() if had.get(key) != marks[key]}
    if not changed:
        return []
    places = {key: tokenize(weighted_texts(one)) for key, one in changed.items()}
    rows = [
        row(one, tsvector_text(places[key], filter_labels.document_labels(one))) | {"digest": "\\x" + marks[key].hex()}
        for key, one in changed.items()
    ]
    sql = WRITE.format(documents=tables.documents, texts=tables.texts)
    await execute(sql, json.dumps(rows, ensure_ascii=False))
    if tables.vocabulary:
        await vocabulary.add_words({lexeme for found in places.values() for lexeme in found})
    return list(changed)


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
    found = {(row["kind"], row["item_id"]): unpack_document(row) for row in await fetch(sql, *key_columns(keys))}
    return [found[key] for key in keys if key in found]


async def read_documents_by_id(ids: Sequence[int], tables: DocumentTables = PUBLIC) -> dict[int, Document]:
    """Documents by the ids of their rows."""
    sql = READ.format(documents=tables.documents, texts=tables.texts) + " WHERE d.id = ANY($1)"
    return {row["id"]: unpack_document(row) for row in await fetch(sql, list(ids))}


def key_columns(keys: Collection[Key]) -> tuple[list[str], list[int]]:
    """Kinds and subjects, as unnest takes them."""
    return [str(kind) for kind, _ in keys], [item_id for _, item_id in keys]


def pack_document(one: Document) -> bytes:
    """All of a document, as small as it gets."""
    deflating = zlib.compressobj(9, zdict=COMMON_BYTES)
    return deflating.compress(_written(one)) + deflating.flush()


def _written(one: Document) -> bytes:
    values = {name: getattr(one, name) for name in FIELDS}
    return json.dumps(values, ensure_ascii=False, default=str).encode("utf-8", "replace")


def unpack_document(row: dict[str, Any]) -> Document:
    values = json.loads(zlib.decompressobj(zdict=COMMON_BYTES).decompress(row["document"]))
    for name in ("names", "area_ids", "readers"):
        values[name] = tuple(values[name])
    for name in ("at", "until"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Document(kind=Kind(row["kind"]), item_id=row["item_id"], **values)


def weighted_texts(one: Document) -> list[tuple[str, str]]:
    """The texts that a document is found by, with their weights."""
    names = " \n ".join(clean(name) for name in one.names)
    return [(clean(one.title), "A"), (names, "B"), (clean(one.text), "C"), (clean(one.discussion), "")]


def row(one: Document, words: str) -> dict[str, Any]:
    """A document as the row that WRITE takes."""
    return {
        "kind": one.kind.value,
        "item_id": one.item_id,
        "category_id": one.category_id,
        "area_ids": list(one.area_ids),
        "department_id": one.department_id,
        "status": one.status,
        "at": one.at.astimezone(UTC).isoformat(),
        "support": one.support,
        "lat": one.lat,
        "lon": one.lon,
        "static_rank": static_rank(one.kind, one.at, one.support),
        "words": words,
        "document": "\\x" + pack_document(cleaned(one)).hex(),
    }


def cleaned(one: Document) -> Document:
    names = tuple(map(clean, one.names))
    return replace(one, title=clean(one.title), text=clean(one.text), discussion=clean(one.discussion), names=names)


def clean(text: str) -> str:
    """Without what no text may hold, and not longer than is kept."""
    return text[:MAX_TEXT_CHARS].translate(CLEAN)


def document_digest(one: Document) -> bytes:
    """Of everything in the document, and of the way in which it is cut into words."""
    return hashlib.sha256(b"%d %s %d " % (DIGEST_VERSION, one.kind.encode(), one.item_id) + _written(one)).digest()[:16]


DIGEST_VERSION = 1  # another number: every document is written anew when it is next looked at
