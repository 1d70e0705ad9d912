"""A document as its row: the words that it is found by, what a search compares, and all of it as JSON."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Document
from civic.search.postgres.filter_labels import document_labels
from civic.search.subjects import rank_document
from civic.search.text import tokenize, tsvector_text

MAX_TEXT_CHARS = 20_000  # of each text
UNCLEAN_JSON = (HIGHLIGHT_START.encode(), HIGHLIGHT_END.encode(), b"\\u0000")
UNCLEAN = re.compile(f"[{HIGHLIGHT_START}{HIGHLIGHT_END}\0\ud800-\udfff]")  # halves of characters, too
AGELESS = datetime(1970, 1, 1, tzinfo=UTC)  # stands in the column `at` of what has no time
DIGEST_VERSION = 2  # another number: every document is written again when it is next looked at
DEFLATE_LEVEL = 3  # higher ones take longer and save two bytes in a hundred

# Begins the deflating of each document: what nearly all of them have in common need not be kept. Whoever changes it
# makes all documents unreadable, until the index is rebuilt.
COMMON_BYTES = (
    b'"area_ids":[],"names":[,"discussion":"","title":"","text":"","extra":{"number":"","address":"","cover":null,'
    b'"width":null,"height":null},"readers":[],"until":null,"category_id":null,"department_id":null,"lat":null,'
    b'"lon":null,"support":0,"status":"","at":"2026-01-01T00:00:00Z","url":"/desk/cases/","url":"/reports/'
)
FIELDS = tuple(one.name for one in fields(Document) if one.name not in ("kind", "item_id"))


@dataclass(frozen=True, slots=True)
class DumpedDocument:
    """A document without what no text may hold, all of it as JSON, and the digest of that."""

    document: Document
    json: bytes
    digest: bytes


def dump_document(one: Document) -> DumpedDocument:
    """A document as the index keeps it. Its digest also covers the way in which texts are cut into words."""
    body = _try_to_dump(one)
    if body is None:
        one = clean_document(one)
        body = to_json({name: getattr(one, name) for name in FIELDS})
    head = b"%d %s %d " % (DIGEST_VERSION, one.kind.encode(), one.item_id)
    return DumpedDocument(one, body, hashlib.blake2b(head + body, digest_size=16).digest())


def _try_to_dump(one: Document) -> bytes | None:
    """All of a document as JSON; None if something in it has to be cleaned, which is rare."""
    if max(len(one.title), len(one.text), len(one.discussion)) > MAX_TEXT_CHARS:
        return None
    try:
        body = to_json({name: getattr(one, name) for name in FIELDS})
    except PydanticSerializationError:  # half of a character
        return None
    return None if any(mark in body for mark in UNCLEAN_JSON) else body


def document_digest(one: Document) -> bytes:
    return dump_document(one).digest


def load_document(row: dict[str, Any]) -> Document:
    """The document of a row with `kind`, `item_id` and `document`."""
    values = json.loads(zlib.decompressobj(zdict=COMMON_BYTES).decompress(row["document"]))
    for name in ("names", "area_ids", "readers"):
        values[name] = tuple(values[name])
    for name in ("at", "until"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Document(kind=row["kind"], item_id=row["item_id"], **values)


def clean_document(one: Document) -> Document:
    """The document without what no text may hold, and no text longer than is kept."""
    names = tuple(map(clean, one.names))
    return replace(one, title=clean(one.title), text=clean(one.text), discussion=clean(one.discussion), names=names)


def clean(text: str) -> str:
    return UNCLEAN.sub("", text[:MAX_TEXT_CHARS])


def weighted_texts(one: Document) -> Iterator[tuple[str, str]]:
    """The texts that a document is found by, with their weights (A to D, D is "")."""
    yield one.title, "A"
    for name in one.names:
        yield name, "B"
    yield one.text, "C"
    yield one.discussion, ""


def encode_rows(documents: Iterable[DumpedDocument]) -> tuple[list[tuple[Any, ...]], set[str]]:
    """Documents as columns for `rows.WRITE`, in its order, and every word that they hold."""
    rows, words = [], set[str]()
    for dumped in documents:
        one = dumped.document
        tokens = tokenize(weighted_texts(one))
        words |= tokens.words
        rank = rank_document(one)
        rows.append(
            (
                one.kind,
                one.item_id,
                one.category_id,
                f"{{{','.join(map(str, one.area_ids))}}}",
                one.department_id,
                one.status,
                one.at or AGELESS,
                one.support,
                one.lat,
                one.lon,
                rank,
                tsvector_text(tokens, document_labels(one, rank)),
                dumped.digest,
                _deflate(dumped.json),
            )
        )
    return list(zip(*rows, strict=True)), words


def _deflate(body: bytes) -> bytes:
    deflating = zlib.compressobj(DEFLATE_LEVEL, zdict=COMMON_BYTES)
    return deflating.compress(body) + deflating.flush()
