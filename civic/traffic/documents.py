"""Traffic updates as the search finds them."""

from collections.abc import Sequence

from civic import timing
from civic.catalogue.catalogue import Catalogue
from civic.db import Row, fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import available_languages, pick, use_language
from civic.i18n import lazy as _
from civic.posts.documents import AREA_COLUMNS, POST_SOURCES
from civic.posts.queries import comments_of
from civic.posts.sql import AREAS_BELOW
from civic.search.documents import Document, SearchHit
from civic.search.presenters import Badge, Presenter, area_name
from civic.search.subjects import DirtySource, Subject, SubjectStatus
from civic.traffic.kinds import NAMES
from civic.traffic.models import TrafficKind
from civic.traffic.sql import ENDED_BETWEEN, PUBLIC_UPDATES

LIVE, ENDED = "live", "ended"


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are traffic updates for everybody."""
    rows = await fetch(PUBLIC_UPDATES, list(post_ids))
    comments = await comments_of([row["post_id"] for row in rows])
    places = await areas()
    return [_document(row, comments.get(row["post_id"], ()), places) for row in rows]


def _document(row: Row, said: Sequence[str], places: Areas) -> Document:
    near = row["near"] or {}
    path = places.path(row["area_id"])
    kinds = _names(TrafficKind(row["kind"]))
    around = [name for area in path if area.level for name in area.names.values()]
    place = row["place"] or pick(near) or (pick(path[0].names) if path else "")
    return Document(
        kind="traffic",
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


class TrafficPresenter(Presenter):
    def title(self, hit: SearchHit) -> str:
        """The kind, and where."""
        return " · ".join(part for part in (pick(hit.document.extra.get("kinds")), hit.title) if part)

    def names(self, document: Document, catalogue: Catalogue, areas: Areas) -> Sequence[str]:
        return (area_name(document, areas),)

    def status(self, document: Document) -> str:
        """An update may have ended by itself since it was indexed."""
        over = document.until is not None and document.until <= timing.now()
        return ENDED if over and document.status == LIVE else document.status


SUBJECT = Subject(
    kind="traffic",
    label=_("Traffic"),
    badge=Badge("note", "→", _("Traffic update")),
    compose=documents,
    table="traffic_update",
    column="post_id",
    roots={"post": ""},
    sources=(
        *POST_SOURCES,
        DirtySource(
            "traffic_update",
            "post",
            "SELECT post_id FROM changed",
            columns=("kind", "area_id", "lat", "lon", "place", "near", "expires_at"),
        ),
        DirtySource(
            "area",
            "post",
            f"{AREAS_BELOW} SELECT post_id FROM traffic_update WHERE area_id IN (SELECT id FROM below)",
            columns=AREA_COLUMNS,
            on=("update",),
        ),
    ),
    expired=ENDED_BETWEEN,
    statuses=(
        SubjectStatus(LIVE, _("Going on"), "late", "▲", is_open=True),
        SubjectStatus(ENDED, _("Over"), "off", "×"),
    ),
    presenter=TrafficPresenter(),
)
