"""A document as its row: the words that it is found by, what a search compares, and a digest of all of it."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from pydantic_core import PydanticSerializationError, to_json

from civic.db import copy_value
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, MAX_TEXT_CHARS, Document, clean_document
from civic.search.postgres.filter_labels import document_labels
from civic.search.subjects import rank_document
from civic.search.text import Tokens, tokenize, tsvector_text

UNCLEAN_JSON = (HIGHLIGHT_START.encode(), HIGHLIGHT_END.encode(), b"\\u0000")
AGELESS = datetime(1970, 1, 1, tzinfo=UTC)  # stands in the column `at` of what has no time
DIGEST_VERSION = 3  # another number: every document is written again when it is next looked at
DIGEST_BYTES = 8
NULL = "\\N"  # in COPY's text form
FIELDS = tuple(one.name for one in fields(Document) if one.name not in ("kind", "item_id"))


@dataclass(frozen=True, slots=True)
class DumpedDocument:
    """A document without what no text may hold, and the digest of all of it."""

    document: Document
    digest: bytes


def dump_document(one: Document) -> DumpedDocument:
    """A document as the index takes it. Its digest also covers the way in which texts are cut into words."""
    body = _try_to_dump(one)
    if body is None:
        one = clean_document(one)
        body = to_json({name: getattr(one, name) for name in FIELDS})
    head = b"%d %s %d " % (DIGEST_VERSION, one.kind.encode(), one.item_id)
    return DumpedDocument(one, hashlib.blake2b(head + body, digest_size=DIGEST_BYTES).digest())


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


def weighted_texts(one: Document) -> Iterator[tuple[str, str]]:
    """The texts that a document is found by, with their weights (A to D, D is "")."""
    yield one.title, "A"
    for name in one.names:
        yield name, "B"
    yield one.text, "C"
    yield one.discussion, ""


def encode_rows(documents: Iterable[DumpedDocument]) -> tuple[bytes, set[str]]:
    """Documents as lines for COPY, with the columns of `sql.COLUMNS`, and every word that they hold."""
    lines, words = [], set[str]()
    for dumped in documents:
        tokens = tokenize(weighted_texts(dumped.document))
        words |= tokens.words
        lines.append(_line(dumped, tokens))
    return "".join(lines).encode(errors="replace"), words


def _line(dumped: DumpedDocument, tokens: Tokens) -> str:
    one = dumped.document
    rank = rank_document(one)
    values = (
        one.kind,
        one.item_id,
        NULL if one.category_id is None else one.category_id,
        f"{{{','.join(map(str, one.area_ids))}}}",
        NULL if one.department_id is None else one.department_id,
        copy_value(one.status),
        (one.at or AGELESS).isoformat(),
        one.support,
        NULL if one.lat is None else one.lat,
        NULL if one.lon is None else one.lon,
        rank,
        f"\\\\x{dumped.digest.hex()}",
        NULL if one.desk_id is None else one.desk_id,
        tsvector_text(tokens, document_labels(one, rank)),
    )
    return "\t".join(map(str, values)) + "\n"
