"""A document as Meilisearch keeps it, and what it is called there."""

import math
import re

from civic.search.documents import Document, Key
from civic.search.subjects import kinds, rank_document

NAME = re.compile(r"([a-z_]+)-([0-9]{1,19})")


def name(key: Key) -> str:
    """A document's id: letters, digits, hyphens and underscores are all that Meilisearch takes."""
    return f"{key[0]}-{key[1]}"


def key(name: str) -> Key | None:
    """The document that an id means; or None if it is not an id of ours."""
    found = NAME.fullmatch(name)
    return (found[1], int(found[2])) if found and found[1] in kinds() else None


def payload(document: Document, digest: bytes) -> dict[str, object]:
    """What is sent of a document; `digest` as PostgreSQL has it."""
    return {
        "id": name((document.kind, document.item_id)),
        "kind": document.kind,
        "item_id": document.item_id,
        "title": document.title,
        "names": list(document.names),
        "text": document.text,
        "discussion": document.discussion,
        "category_id": document.category_id,
        "area_ids": list(document.area_ids),
        "department_id": document.department_id,
        "status": document.status or None,
        "at": int(document.at.timestamp()) if document.at else 0,
        "support": document.support,
        "static_rank": round(rank_document(document), 3),
        "_geo": geo(document.lat, document.lon),
        "digest": digest.hex(),
    }


def geo(lat: float | None, lon: float | None) -> dict[str, float] | None:
    """A place that Meilisearch takes; one that is no place on Earth fails every document that is sent with it."""
    if lat is None or lon is None or not on_earth(lat, lon):
        return None
    return {"lat": lat, "lng": lon}


def on_earth(lat: float, lon: float) -> bool:
    return math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180
