"""Open reports nearby, and guides of services, that a report being written may repeat."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from civic import timing
from civic.cases.status import OPEN
from civic.catalogue.catalogue import Catalogue, CategoryView
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.geo.distance import bounding_box
from civic.geo.near import Near
from civic.geo.queries import areas
from civic.reports.sql import COMMON_CATEGORIES, MAIN_POSTS
from civic.search.documents import HIGHLIGHT_START, Query, SearchHit, SortOrder
from civic.search.forms import clean_line
from civic.search.meili.client import Meili
from civic.search.presenters import HIGHLIGHTED, PresentedHit
from civic.search.queries import find
from civic.search.subjects import present_hit
from civic.search.text import CJK, IS_CJK
from civic.text import fold

MAX_HERE, MAX_REPORTS, MAX_SERVICES = 5, 3, 2  # right here, in all unless more are right here, guides
# Metres for the same words, and for the same category; what is open right here is always offered.
SAME_WORDS_METRES, SAME_CATEGORY_METRES, HERE_METRES = 800, 300, 50
AROUND_METRES, COMMON_SINCE = 150, timedelta(days=365)  # of the categories that are common around a place
MAX_TEXT_CHARS = 300  # characters of the text that are looked at
MIN_TEXT_CHARS = 4  # characters from which words are looked for
# The words of a sentence that carry its meaning: Chinese, and words of four letters or more.
CONTENT_WORDS = re.compile(rf"[{CJK}]+|[^\W\d_{CJK}]{{4,}}")
# The share of them that must match; of a service, which has no distance, less in its name than in its guide.
MIN_REPORT_MATCH, MIN_NAME_MATCH, MIN_GUIDE_MATCH = 0.2, 0.3, 0.5


@dataclass(frozen=True, slots=True)
class SimilarPosts:
    reports: tuple[PresentedHit, ...] = ()
    services: tuple[PresentedHit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reports or self.services)


async def find_similar(
    text: str,
    near: Near | None = None,
    category_ids: tuple[int, ...] = (),
    meili: Meili | None = None,
    *,
    asset_id: int | None = None,
) -> SimilarPosts:
    """Open reports right at the place, whatever they say, and near it those with the same words or of the same
    category, also of one that the text names in any language (none without a place); and the services that the text is
    about. Words only rank; those of the numbered thing that is named come first."""
    text = clean_line(text, MAX_TEXT_CHARS)
    pack, places = await catalogue(), await areas()
    named = category_ids or find_named_categories(text, pack)
    reports = await _find_reports(text, near, named, meili, asset_id) if near else []
    services: list[SearchHit] = []
    if len(text) >= MIN_TEXT_CHARS:
        query = Query(text=text, partial=True, kind="service", facets=False, size=MAX_SERVICES)
        services = [hit for hit in (await find(query, meili)).hits if _fit(hit, text) >= _service_fits(hit)]
    if not reports and not services:
        return SimilarPosts()
    return SimilarPosts(
        tuple(present_hit(hit, pack, places) for hit in reports),
        tuple(present_hit(hit, pack, places) for hit in services),
    )


async def _find_reports(
    text: str, near: Near, category_ids: tuple[int, ...], meili: Meili | None, asset_id: int | None
) -> list[SearchHit]:
    lat, lon, _metres = near
    here = _query(near=(lat, lon, HERE_METRES), sort=SortOrder.NEW, size=MAX_HERE * 4)
    found: dict[int, SearchHit] = {}
    if len(text) >= MIN_TEXT_CHARS:
        words = _query(text=text, partial=True, near=(lat, lon, SAME_WORDS_METRES))
        found |= {_id(hit): hit for hit in (await find(words, meili)).hits if _fit(hit, text) >= MIN_REPORT_MATCH}
    if category_ids:
        same = _query(category_ids=category_ids, near=(lat, lon, SAME_CATEGORY_METRES), sort=SortOrder.NEW)
        found |= {_id(hit): hit for hit in (await find(same, meili)).hits if _id(hit) not in found}
    at_place = {_id(hit): hit for hit in (await find(here, meili)).hits}
    # One of each case: who joined it sent a report, too.
    mains = {row["post_id"]: row["asset_id"] for row in await fetch(MAIN_POSTS, [*found, *at_place])}
    found = {id: hit for id, hit in found.items() if id in mains}
    here_first = sorted(at_place.items(), key=lambda one: asset_id is None or mains.get(one[0]) != asset_id)
    at_place = dict([(id, hit) for id, hit in here_first if id in mains][:MAX_HERE])
    first = [hit for id, hit in found.items() if id in at_place]
    first += [hit for id, hit in at_place.items() if id not in found]
    first.sort(key=lambda hit: asset_id is None or mains[_id(hit)] != asset_id)
    return first + [hit for id, hit in found.items() if id not in at_place][: max(0, MAX_REPORTS - len(first))]


async def find_common_categories(lat: float, lon: float) -> list[CategoryView]:
    """The categories of most public reports around a place in the last year, at most three."""
    box, since = bounding_box(lat, lon, AROUND_METRES), timing.now() - COMMON_SINCE
    rows = await fetch(COMMON_CATEGORIES, *box, since, MAX_REPORTS)
    known = (await catalogue()).category_by_id
    found = [known[row["category_id"]] for row in rows]
    return [one for one in found if not one.retired and one.instead is None]


def _id(hit: SearchHit) -> int:
    return hit.document.item_id


def find_named_categories(text: str, catalogue: Catalogue) -> tuple[int, ...]:
    """The categories whose names, in any language, share most with the words of a text; () if none shares any.

    By them what is written in one language finds what was reported in another.
    """
    asked = _content(text)
    shared = {
        one.id: _weight(asked & {part for name in one.names.values() for part in _content(name)})
        for one in catalogue.category_by_id.values()
    }
    most = max(shared.values(), default=0)
    return tuple(id for id, weight in shared.items() if weight == most) if most else ()


def _content(text: str) -> set[str]:
    """The words that carry meaning, and each pair of Chinese characters, folded; the plural is the singular."""
    parts: set[str] = set()
    for run in CONTENT_WORDS.findall(fold(text)):
        if IS_CJK.match(run):
            parts |= {run[at : at + 2] for at in range(len(run) - 1)}
        else:
            parts.add(run.removesuffix("s"))
    return parts


def _query(**asked: object) -> Query:
    asked = {"kind": "report", "statuses": tuple(sorted(OPEN)), "facets": False, "size": MAX_REPORTS * 4, **asked}
    return Query(**asked)  # type: ignore[arg-type]


def _service_fits(hit: SearchHit) -> float:
    return MIN_NAME_MATCH if HIGHLIGHT_START in hit.title else MIN_GUIDE_MATCH


def _fit(hit: SearchHit, text: str) -> float:
    """The share of a text's content words that matched, 0 to 1; 1 for a text without any."""
    asked = _weight(CONTENT_WORDS.findall(text))
    found = _weight(
        part for mark in HIGHLIGHTED.findall(f"{hit.title} {hit.excerpt}") for part in CONTENT_WORDS.findall(mark)
    )
    return min(1.0, found / asked) if asked else 1.0


def _weight(parts: Iterable[str]) -> int:
    """Twice the Chinese characters plus the letters of words, each word once."""
    return sum(2 * len(one) if IS_CJK.match(one) else len(one) for one in {fold(part) for part in parts})
