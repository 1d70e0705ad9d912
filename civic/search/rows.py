"""The documents as rows: writing, reading, removing them. The public ones and the desk's lie in different tables."""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from civic.db import execute, fetch
from civic.search import labels, vocabulary
from civic.search.documents import MARK, UNMARK, Document, Kind
from civic.search.prior import prior
from civic.search.text import cut, vector

Key = tuple[str, int]  # kind and subject of a document

LONGEST = 20_000  # characters of each text that are kept
CLEAN = dict.fromkeys([ord(MARK), ord(UNMARK), 0, *range(0xD800, 0xE000)])  # halves of characters, too


@dataclass(frozen=True, slots=True)
class Tables:
    """Where an index lies; `vocabulary`: its words are learnt."""

    documents: str
    texts: str
    vocabulary: bool = False


PUBLIC: Final = Tables("search_document", "search_text", vocabulary=True)
DESK: Final = Tables("search_desk_document", "search_desk_text")

COLUMNS = "kind, subject, category_id, area_ids, department_id, status, at, support, lat, lon, prior, words"
TEXTS = "digest, document"
GIVEN = """
SELECT * FROM jsonb_to_recordset($1::jsonb) AS x (
    kind text, subject bigint, category_id bigint, area_ids bigint[], department_id bigint, status text, at timestamptz,
    support int, lat float8, lon float8, prior float8, words tsvector,
    digest bytea, document bytea)
"""
WRITE = f"""
WITH given AS ({GIVEN}), written AS (
    INSERT INTO {{documents}} ({COLUMNS}) SELECT {COLUMNS} FROM given ON CONFLICT (kind, subject) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[2:])}
    RETURNING id, kind, subject)
INSERT INTO {{texts}} (id, {TEXTS}) SELECT written.id, {TEXTS} FROM written JOIN given USING (kind, subject)
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in TEXTS.split(", "))}
"""
REMOVE = """
WITH gone AS (
    DELETE FROM {documents} d USING unnest($1::text[], $2::bigint[]) AS k (kind, subject)
    WHERE d.kind = k.kind AND d.subject = k.subject RETURNING d.id, d.kind, d.subject),
texts AS (DELETE FROM {texts} WHERE id IN (SELECT id FROM gone))
SELECT kind, subject FROM gone
"""
DIGESTS = """
SELECT d.kind, d.subject, t.digest FROM {documents} d JOIN {texts} t USING (id)
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, subject) ON d.kind = k.kind AND d.subject = k.subject
"""
READ = "SELECT d.id, d.kind, d.subject, t.document FROM {documents} d JOIN {texts} t USING (id)"

# Begins the deflating of each document: what nearly all of them have in common need not be kept.
COMMON = (
    b'"area_ids": [], "names": [, "said": "", "title": "", "text": "", "shown": {"number": "", "address": "", '
    b'"confirmed_by": "", "cover": null, "width": null, "height": null}, "readers": [], "until": null, "category_id": '
    b'null, "department_id": null, "lat": null, "lon": null, "support": 0, "status": "received", "status": "resolved", '
    b'"status": "confirmed", "at": "2026-01-01T00:00:00+00:00", "url": "/desk/cases/", "url": "/reports/'
)


FIELDS = tuple(one.name for one in fields(Document) if one.name not in ("kind", "subject"))


async def index(documents: Iterable[Document], tables: Tables = PUBLIC, *, anew: bool = False) -> list[Key]:
    """Put documents into the index, in the transaction in hand if there is one; those that were not as given.

    `anew`: write them even if they are as given.
    """
    given = {(one.kind.value, one.subject): one for one in documents}
    marks = {key: digest(one) for key, one in given.items()}
    had = {} if anew else await digests(list(given), tables)
    changed = {key: one for key, one in given.items() if had.get(key) != marks[key]}
    if not changed:
        return []
    places = {key: cut(parts(one)) for key, one in changed.items()}
    rows = [
        row(one, vector(places[key], labels.of_document(one))) | {"digest": "\\x" + marks[key].hex()}
        for key, one in changed.items()
    ]
    sql = WRITE.format(documents=tables.documents, texts=tables.texts)
    await execute(sql, json.dumps(rows, ensure_ascii=False))
    if tables.vocabulary:
        await vocabulary.learn({lexeme for found in places.values() for lexeme in found})
    return list(changed)


async def remove(keys: Sequence[Key], tables: Tables = PUBLIC) -> list[Key]:
    """Take documents out of the index; those that were there."""
    if not keys:
        return []
    sql = REMOVE.format(documents=tables.documents, texts=tables.texts)
    return [(row["kind"], row["subject"]) for row in await fetch(sql, *columns(keys))]


async def digests(keys: Sequence[Key], tables: Tables = PUBLIC) -> dict[Key, bytes]:
    """The digests of those documents that are in the index."""
    sql = DIGESTS.format(documents=tables.documents, texts=tables.texts)
    return {(row["kind"], row["subject"]): bytes(row["digest"]) for row in await fetch(sql, *columns(keys))}


async def read(keys: Sequence[Key], tables: Tables = PUBLIC) -> list[Document]:
    """Those of the documents that are in the index, as they are there, in the order of the keys."""
    sql = READ.format(documents=tables.documents, texts=tables.texts)
    sql += " JOIN unnest($1::text[], $2::bigint[]) AS k (kind, subject) ON d.kind = k.kind AND d.subject = k.subject"
    found = {(row["kind"], row["subject"]): document(row) for row in await fetch(sql, *columns(keys))}
    return [found[key] for key in keys if key in found]


async def read_by_id(ids: Sequence[int], tables: Tables = PUBLIC) -> dict[int, Document]:
    """Documents by the ids of their rows."""
    sql = READ.format(documents=tables.documents, texts=tables.texts) + " WHERE d.id = ANY($1)"
    return {row["id"]: document(row) for row in await fetch(sql, list(ids))}


def columns(keys: Collection[Key]) -> tuple[list[str], list[int]]:
    """Kinds and subjects, as unnest takes them."""
    return [str(kind) for kind, _ in keys], [subject for _, subject in keys]


def packed(one: Document) -> bytes:
    """All of a document, as small as it gets."""
    deflating = zlib.compressobj(9, zdict=COMMON)
    return deflating.compress(_written(one)) + deflating.flush()


def _written(one: Document) -> bytes:
    values = {name: getattr(one, name) for name in FIELDS}
    return json.dumps(values, ensure_ascii=False, default=str).encode("utf-8", "replace")


def document(row: dict[str, Any]) -> Document:
    values = json.loads(zlib.decompressobj(zdict=COMMON).decompress(row["document"]))
    for name in ("names", "area_ids", "readers"):
        values[name] = tuple(values[name])
    for name in ("at", "until"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Document(kind=Kind(row["kind"]), subject=row["subject"], **values)


def parts(one: Document) -> list[tuple[str, str]]:
    """The texts that a document is found by, with their weights."""
    names = " \n ".join(clean(name) for name in one.names)
    return [(clean(one.title), "A"), (names, "B"), (clean(one.text), "C"), (clean(one.said), "")]


def row(one: Document, words: str) -> dict[str, Any]:
    """A document as the row that WRITE takes."""
    return {
        "kind": one.kind.value,
        "subject": one.subject,
        "category_id": one.category_id,
        "area_ids": list(one.area_ids),
        "department_id": one.department_id,
        "status": one.status,
        "at": one.at.astimezone(UTC).isoformat(),
        "support": one.support,
        "lat": one.lat,
        "lon": one.lon,
        "prior": prior(one.kind, one.at, one.support),
        "words": words,
        "document": "\\x" + packed(cleaned(one)).hex(),
    }


def cleaned(one: Document) -> Document:
    names = tuple(map(clean, one.names))
    return replace(one, title=clean(one.title), text=clean(one.text), said=clean(one.said), names=names)


def clean(text: str) -> str:
    """Without what no text may hold, and not longer than is kept."""
    return text[:LONGEST].translate(CLEAN)


def digest(one: Document) -> bytes:
    """Of everything in the document, and of the way in which it is cut into words."""
    return hashlib.sha256(b"%d %s %d " % (CUT, one.kind.encode(), one.subject) + _written(one)).digest()[:16]


CUT = 1  # another number: every document is written anew when it is next looked at
