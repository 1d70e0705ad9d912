"""Services with their guides, and what people say of them, as the search finds them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from civic.catalogue.catalogue import Catalogue, ServiceView
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import language, pick
from civic.i18n import lazy as _
from civic.posts.documents import POST_SOURCES
from civic.posts.queries import comments_of
from civic.ratings.actions import rating_path
from civic.ratings.sql import PUBLIC_RATINGS
from civic.search.documents import HIGHLIGHT_START, Document, SearchHit
from civic.search.highlight import make_excerpt
from civic.search.presenters import HIGHLIGHTED, Badge, Presenter, strip_highlights
from civic.search.subjects import DirtySource, Subject
from civic.text import fold

GUIDE = ("purpose", "papers", "time", "fee", "hours", "where")
MOST_TELLING = ("purpose", "papers", "where", "time", "fee", "hours")


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are ratings with words, for everybody, and not replaced."""
    rows = await fetch(PUBLIC_RATINGS, list(post_ids))
    said = await comments_of([row["post_id"] for row in rows])
    services = (await catalogue()).service_by_id
    return [
        _rating(row, services[row["service_id"]], said.get(row["post_id"], ()))
        for row in rows
        if not services[row["service_id"]].retired
    ]


async def service_documents(service_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the services that are in force."""
    pack, places = await catalogue(), await areas()
    wanted = (pack.service_by_id.get(one) for one in service_ids)
    return [_service(one, pack, places) for one in wanted if one and not one.retired]


def _rating(row: Row, service: ServiceView, said: Sequence[str]) -> Document:
    names = list(dict.fromkeys(service.names.values()))
    return Document(
        kind="rating",
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
        kind="service",
        item_id=one.id,
        url=f"/services/{one.slug}",
        title=" · ".join(names),
        text="\n".join(_guide(one)),
        names=tuple(dict.fromkeys(department.names.values())) if department else (),
        area_ids=tuple(area.id for area in places.path(area.id)) if area else (),
        department_id=one.department_id,
        at=None,
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


class RatingPresenter(Presenter):
    def group(self, document: Document) -> str:
        """The service's page."""
        return document.url.partition("?")[0]

    def title(self, hit: SearchHit) -> str:
        """The service's name in the reader's language; as it was found, if it is that one."""
        own = pick(hit.document.extra.get("names"))
        return hit.title if strip_highlights(hit.title) == own else own

    def hint(self, hit: SearchHit) -> str:
        """The title says only which service: a suggestion needs some of the text."""
        return strip_highlights(hit.excerpt)


class ServicePresenter(Presenter):
    def group(self, document: Document) -> str:
        return document.url

    def title(self, hit: SearchHit) -> str:
        """Of the names, which are the title, the one in the reader's language; another one that matched follows it."""
        names: Mapping[str, str] = hit.document.extra.get("names") or {}
        own = pick(dict(names))
        parts = hit.title.split(" · ")
        mine = next((part for part in parts if strip_highlights(part) == own), own)
        others = [part for part in parts if HIGHLIGHT_START in part and strip_highlights(part) != own]
        return f"{mine} · {others[0]}" if others and HIGHLIGHT_START not in mine else mine

    def excerpt(self, hit: SearchHit, catalogue: Catalogue) -> str:
        """What matched of the guide in the reader's language; where nothing did in any, what the service is for."""
        service = catalogue.service_by_id.get(hit.document.item_id)
        guide: dict[str, Any] = (service.guide.get(language()) or {}) if service else {}
        values = [value for name in MOST_TELLING if (value := guide.get(name))]
        texts = [value if isinstance(value, str) else ", ".join(value) for value in values]
        found = make_excerpt(texts, [fold(one) for one in HIGHLIGHTED.findall(hit.title + hit.excerpt)])
        return found if HIGHLIGHT_START in found or HIGHLIGHT_START not in hit.excerpt else ""


SUBJECT = Subject(
    kind="rating",
    label=_("Ratings"),
    badge=Badge("note", "★", _("Rating")),
    compose=documents,
    table="rating",
    column="post_id",
    roots={"post": ""},
    sources=(
        *POST_SOURCES,
        DirtySource("rating", "post", "SELECT post_id FROM changed"),
        DirtySource("service", "post", "SELECT r.post_id FROM rating r JOIN changed ON r.service_id = changed.id"),
    ),
    weight=0.5,  # the guide to a service comes before what people say of it
    presenter=RatingPresenter(),
)
SERVICE_SUBJECT = Subject(
    kind="service",
    label=_("Services"),
    badge=Badge("note", "→", _("Service")),
    compose=service_documents,
    table="service",
    roots={"service": ""},
    sources=(
        DirtySource("service", "service", "SELECT id FROM changed"),
        DirtySource(
            "department",
            "service",
            "SELECT s.id FROM service s JOIN changed ON s.department_id = changed.id",
            columns=("names",),
            on=("update",),
        ),
        # The outlines tell in which areas a service is.
        DirtySource(
            "area",
            "service",
            "SELECT s.id FROM service s CROSS JOIN (SELECT FROM changed LIMIT 1) any_area WHERE s.lat IS NOT NULL",
            columns=("parent_id", "level", "retired_at", "geometry"),
            on=("insert", "update"),
        ),
    ),
    weight=1.5,
    presenter=ServicePresenter(),
)
