"""Services with their guides, and what people say of them, as the search finds them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from civic.catalogue.catalogue import Catalogue, ServiceView
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.posts.documents import comments_of
from civic.ratings.actions import rating_path
from civic.search.documents import Document, Kind

AGELESS = datetime(1970, 1, 1, tzinfo=UTC)
GUIDE = ("purpose", "papers", "time", "fee", "hours", "where")
PUBLIC = """
SELECT p.id AS post_id, t.id, t.service_id, t.stars, p.text, p.votes_count, t.given_at
FROM post p JOIN rating t ON t.post_id = p.id
WHERE p.id = ANY($1) AND p.visibility = 'public' AND t.replaced_at IS NULL AND p.text <> ''
"""


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are ratings with words, for everybody, and not replaced."""
    rows = await fetch(PUBLIC, list(post_ids))
    said = await comments_of([row["post_id"] for row in rows])
    services = (await catalogue()).service_by_id
    return [
        _rating(row, services[row["service_id"]], said.get(row["post_id"], ()))
        for row in rows
        if not services[row["service_id"]].retired
    ]


async def service_documents(service_ids: Iterable[int]) -> list[Document]:
    """The documents of those of the services that are in force."""
    pack, places = await catalogue(), await areas()
    wanted = (pack.service_by_id.get(one) for one in service_ids)
    return [_service(one, pack, places) for one in wanted if one and not one.retired]


def _rating(row: dict[str, Any], service: ServiceView, said: Sequence[str]) -> Document:
    names = list(dict.fromkeys(service.names.values()))
    return Document(
        kind=Kind.RATING,
        item_id=row["post_id"],
        url=rating_path(service.slug, row["id"]),
        title=names[0],
        text=row["text"],
        names=tuple(names[1:]),
        discussion="\n".join(said),
        department_id=service.department_id,
        at=row["given_at"],
        support=row["votes_count"],
        extra={"names": service.names, "stars": row["stars"]},
    )


def _service(one: ServiceView, pack: Catalogue, places: Areas) -> Document:
    names = list(dict.fromkeys(one.names.values()))
    area = places.at(one.lat, one.lon) if one.lat is not None and one.lon is not None else None
    department = pack.department_by_id.get(one.department_id)
    return Document(
        kind=Kind.SERVICE,
        item_id=one.id,
        url=f"/services/{one.slug}",
        title=" · ".join(names),
        text="\n".join(_guide(one)),
        names=tuple(dict.fromkeys(department.names.values())) if department else (),
        area_ids=tuple(area.id for area in places.path(area.id)) if area else (),
        department_id=one.department_id,
        at=AGELESS,
        lat=one.lat,
        lon=one.lon,
        extra={"names": one.names},
    )


def _guide(one: ServiceView) -> Iterator[str]:
    """What the guide says, language by language."""
    for guide in one.guide.values():
        for name in GUIDE:
            value = guide.get(name) or ()
            yield from [value] if isinstance(value, str) else map(str, value)
