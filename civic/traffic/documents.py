"""Traffic updates as the search finds them."""

from collections.abc import Sequence
from typing import Any

from civic import timing
from civic.db import fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import available_languages, pick, use_language
from civic.posts.documents import comments_of
from civic.search.documents import Document, Kind
from civic.traffic.kinds import NAMES
from civic.traffic.models import TrafficKind

LIVE, ENDED = "live", "ended"
PUBLIC = """
SELECT p.id AS post_id, t.id, t.kind, p.text, p.votes_count, p.created_at, t.lat, t.lon, t.area_id, t.place, t.near,
       t.expires_at, ph.name AS cover, ph.width, ph.height
FROM post p JOIN traffic_update t ON t.post_id = p.id LEFT JOIN photo ph ON ph.id = p.cover_id
WHERE p.id = ANY($1) AND p.visibility = 'public'
"""


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are traffic updates for everybody."""
    rows = await fetch(PUBLIC, list(post_ids))
    comments = await comments_of([row["post_id"] for row in rows])
    places = await areas()
    return [_document(row, comments.get(row["post_id"], ()), places) for row in rows]


async def ended_between(since: float, until: float) -> list[int]:
    """The posts of updates that ended by themselves in this time (Unix seconds)."""
    sql = "SELECT post_id FROM traffic_update WHERE expires_at > to_timestamp($1) AND expires_at <= to_timestamp($2)"
    return [row["post_id"] for row in await fetch(sql, since, until)]


def _document(row: dict[str, Any], said: Sequence[str], places: Areas) -> Document:
    near = row["near"] or {}
    path = places.path(row["area_id"])
    kinds = _names(TrafficKind(row["kind"]))
    around = [name for area in path if area.level for name in area.names.values()]
    place = row["place"] or pick(near) or (pick(path[0].names) if path else "")
    return Document(
        kind=Kind.TRAFFIC,
        item_id=row["post_id"],
        url=f"/traffic/{row['id']}",
        title=place,
        text=row["text"],
        names=tuple(dict.fromkeys([*kinds.values(), *near.values(), *around])),
        discussion="\n".join(said),
        area_ids=tuple(area.id for area in path),
        status=LIVE if row["expires_at"] > timing.now() else ENDED,
        at=row["created_at"],
        until=row["expires_at"],
        support=row["votes_count"],
        lat=row["lat"],
        lon=row["lon"],
        extra={"kinds": kinds, "address": place} | {name: row[name] for name in ("cover", "width", "height")},
    )


def _names(kind: TrafficKind) -> dict[str, str]:
    """What the kind is called, by language."""
    found = {}
    for language in available_languages():
        with use_language(language):
            found[language] = str(NAMES[kind])
    return found
