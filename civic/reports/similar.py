"""Open reports nearby, and guides of services, that a report being written may repeat."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from civic.cases.status import OPEN
from civic.catalogue.queries import catalogue
from civic.geo.near import Near
from civic.geo.queries import areas
from civic.search.documents import HIGHLIGHT_START, Query, SearchHit, SortOrder
from civic.search.forms import clean_line
from civic.search.meili.client import Meili
from civic.search.presenters import HIGHLIGHTED, PresentedHit
from civic.search.queries import find
from civic.search.subjects import present_hit
from civic.search.text import CJK, IS_CJK
from civic.text import fold

MAX_REPORTS, MAX_SERVICES = 3, 2
SAME_WORDS_METRES, SAME_CATEGORY_METRES, SAME_PLACE_METRES = (
    800,
    300,
    100,
)  # metres: for the same words, the same category, without either
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
    text: str, near: Near | None = None, category_ids: tuple[int, ...] = (), meili: Meili | None = None
) -> SimilarPosts:
    """Open reports near the place by their words, then of the same category, then right there (none without a place);
    and the services that the text is about."""
    text = clean_line(text, MAX_TEXT_CHARS)
    reports: dict[int, SearchHit] = {}
    for query, least in _asked(text, near, category_ids) if near else ():
        if len(reports) < MAX_REPORTS:
            reports |= {
                hit.document.item_id: hit for hit in (await find(query, meili)).hits if _fit(hit, text) >= least
            }
    services: list[SearchHit] = []
    if len(text) >= MIN_TEXT_CHARS:
        query = Query(text=text, partial=True, kind="service", facets=False, size=MAX_SERVICES)
        services = [hit for hit in (await find(query, meili)).hits if _fit(hit, text) >= _service_fits(hit)]
    if not reports and not services:
        return SimilarPosts()
    pack, places = await catalogue(), await areas()
    return SimilarPosts(
        tuple(present_hit(hit, pack, places) for hit in list(reports.values())[:MAX_REPORTS]),
        tuple(present_hit(hit, pack, places) for hit in services),
    )


def _asked(text: str, near: Near, category_ids: tuple[int, ...]) -> Iterable[tuple[Query, float]]:
    """The queries, each with the share of the text that must match."""
    lat, lon, _metres = near
    if len(text) >= MIN_TEXT_CHARS:
        yield _query(text=text, partial=True, near=(lat, lon, SAME_WORDS_METRES)), MIN_REPORT_MATCH
    if category_ids:
        yield _query(category_ids=category_ids, near=(lat, lon, SAME_CATEGORY_METRES), sort=SortOrder.NEW), 0.0
    elif len(text) < MIN_TEXT_CHARS:
        yield _query(near=(lat, lon, SAME_PLACE_METRES), sort=SortOrder.NEW), 0.0


def _query(**asked: object) -> Query:
    return Query(kind="report", statuses=tuple(sorted(OPEN)), facets=False, size=MAX_REPORTS, **asked)  # type: ignore[arg-type]


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
