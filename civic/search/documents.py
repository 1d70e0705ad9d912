"""Documents, queries and results: what every engine of the search is given and gives back."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

Key = tuple[str, int]  # kind and item_id of a document

PAGE_HITS = 20
# Characters for private use, which no text has when it comes into the index.
HIGHLIGHT_START, HIGHLIGHT_END = "\ue000", "\ue001"
MAX_TEXT_CHARS = 20_000  # of each text of a document
MAX_REACHABLE_HITS = 1000  # hits that can be paged to: whoever reads that far should narrow the search


class SortOrder(StrEnum):
    RELEVANCE = "relevance"
    NEW = "new"
    SUPPORTED = "supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing that can be found. `kind` and `item_id` are its key: it replaces an earlier one with the same key.

    `title`, `names`, `text` and `discussion` are what it is found by, in falling weight; all but the
    names are shown with the matching words highlighted. `area_ids` are the place's area and those above it. `status` is
    empty for a kind without statuses. `extra` is what a hit shows beside its texts (small, JSON); it is not searched.
    """

    kind: str  # of a registered Subject
    item_id: int
    url: str
    title: str
    text: str = ""
    names: tuple[str, ...] = ()  # of category, area, department, the address, the number: every language's
    discussion: str = ""  # answers to the category's questions, official answers, then comments
    category_id: int | None = None
    area_ids: tuple[int, ...] = ()
    department_id: int | None = None
    readers: tuple[int, ...] = ()  # the departments that find it on the desk
    desk_id: int | None = None  # the desk's document that this one is too, as it would have the same words
    status: str = ""
    at: datetime | None  # None: it does not age, like a service
    until: datetime | None = None  # of what ends by itself
    support: int = 0
    lat: float | None = None
    lon: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return (self.kind, self.item_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody looks for. Empty or None: not narrowed. Ids are of the pack in force."""

    text: str = ""
    kind: str = ""
    category_ids: tuple[int, ...] = ()
    area_id: int | None = None
    department_id: int | None = None
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    near: tuple[float, float, int] | None = None  # lat, lon, metres
    sort: SortOrder = SortOrder.RELEVANCE
    page: int = 1
    size: int = PAGE_HITS
    facets: bool = True
    partial: bool = False  # some of the words are enough, as in a whole sentence
    readers: tuple[int, ...] | None = None  # departments whose cases the clerk may see; None: all of them


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A found document; in `title` and `excerpt` what matched stands between HIGHLIGHT_START and HIGHLIGHT_END."""

    document: Document
    title: str
    excerpt: str
    metres: float | None = None


UNCLEAN = re.compile(f"[{HIGHLIGHT_START}{HIGHLIGHT_END}\0\ud800-\udfff]")  # halves of characters, too


def clean_document(one: Document) -> Document:
    """The document without what no text may hold, and no text longer than is read."""
    texts = (one.title, one.text, one.discussion, *one.names)
    if max(map(len, texts)) <= MAX_TEXT_CHARS and not UNCLEAN.search("\n".join(texts)):
        return one
    names = tuple(map(_clean, one.names))
    return replace(one, title=_clean(one.title), text=_clean(one.text), discussion=_clean(one.discussion), names=names)


def _clean(text: str) -> str:
    return UNCLEAN.sub("", text[:MAX_TEXT_CHARS])


# By facet (kind, category, area, department, status, time) how many there are of each value, by id or code.
Facets = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits. Where there are too many to count, `total` and `facets` are estimates and `exact` is False.

    A facet counts what would be found without its own filter; all other filters hold.
    """

    hits: list[SearchHit]
    total: int
    exact: bool = True
    facets: Facets = field(default_factory=dict)
    corrections: tuple[str, ...] = ()  # of typing errors that were also searched for: "potohle → pothole"
    engine: str = "postgresql"
    fallback: bool = False  # the configured engine is away
