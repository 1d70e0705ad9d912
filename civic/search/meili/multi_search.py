"""A query as one multi-search, and what its answer means."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Facets, Key, Query, SortOrder
from civic.search.meili import settings
from civic.search.meili.payload import key, on_earth
from civic.search.postgres.search import TIME_SPANS
from civic.search.text import IS_CJK, runs
from civic.text import fold

MAX_QUERY_CHARS = 300  # characters of a query that are sent; Meilisearch takes its first ten words
MAX_PAGE_HITS = 100  # hits a page
EXCERPT_WORDS = 30  # words
MAX_METRES = 20_100_000  # metres: no place on Earth is farther
# The attribute of each facet but time, which is counted by spans.
ATTRIBUTES = {
    "kind": "kind",
    "category": "category_id",
    "area": "area_ids",
    "department": "department_id",
    "status": "status",
}
SORTS = {SortOrder.RELEVANCE: [], SortOrder.NEW: ["at:desc"], SortOrder.SUPPORTED: ["support:desc", "at:desc"]}
CODE = re.compile(r"[a-z][a-z_]{0,39}")
ALWAYS = f"{settings.SCHEMA_ATTRIBUTE} NOT EXISTS"
NEVER = "item_id < 0"
MARKED = re.compile(f"{HIGHLIGHT_START}([^{HIGHLIGHT_START}{HIGHLIGHT_END}]+){HIGHLIGHT_END}")
MIN_SIMILARITY = 0.7  # from which on a marked word may be what a typed one was taken for


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A document's place among the hits. `digest` (hex) is of what Meilisearch has; the texts are of that too."""

    key: Key
    title: str
    excerpt: str
    digest: str


@dataclass(frozen=True, slots=True)
class RankedHits:
    """What Meilisearch found, in order.

    From MAX_REACHABLE_HITS hits on `total` and `facets` are estimates and `exact` is False.
    """

    hits: list[RankedHit]
    total: int
    exact: bool = True
    facets: Facets = field(default_factory=dict)
    corrections: tuple[str, ...] = ()


def build_searches(query: Query, index: str, now: datetime) -> list[dict[str, Any]]:
    """The searches of a multi-search: first the hits; then, without hits, one for each facet that is filtered."""
    filters = _filters(query)
    first = _hits(query, index) | {"filter": _all_but(filters)}
    if not query.facets:
        return [first]
    found = [first | {"facets": list(ATTRIBUTES.values())}]
    counting = _asked(query, index) | {"limit": 0}
    found += [
        counting | {"filter": _all_but(filters, name), "facets": [ATTRIBUTES[name]]}
        for name in ATTRIBUTES
        if name in filters
    ]
    others = _all_but(filters, "time")
    return [*found, *(counting | {"filter": [*others, _since(now - span)]} for span in TIME_SPANS.values())]


def _asked(query: Query, index: str) -> dict[str, Any]:
    # "all", so that both engines find the same. "frequency" gives up the words first that most documents have, and
    # still ranks by how many are found; "last" would give up the end of a sentence, whatever it says.
    return {"indexUid": index, "q": plain_text(query.text), "matchingStrategy": "frequency" if query.partial else "all"}


def _hits(query: Query, index: str) -> dict[str, Any]:
    size = max(1, min(query.size, MAX_PAGE_HITS))
    return _asked(query, index) | {
        "page": max(1, min(query.page, settings.MAX_REACHABLE_HITS // size + 1)),
        "hitsPerPage": size,
        "sort": SORTS[query.sort],
        "attributesToRetrieve": ["id", "digest"],
        "attributesToHighlight": ["title", "text", "discussion"],
        "highlightPreTag": HIGHLIGHT_START,
        "highlightPostTag": HIGHLIGHT_END,
        "attributesToCrop": ["text", "discussion"],
        "cropLength": EXCERPT_WORDS,
    }


def plain_text(text: str) -> str:
    """The text without the operators of Meilisearch: quotes, and hyphens before a word."""
    kept = "".join(" " if c in '"“”' or unicodedata.category(c)[0] == "C" else c for c in text[:MAX_QUERY_CHARS])
    return " ".join(word for word in (part.lstrip("-") for part in kept.split()) if word)


def _filters(query: Query) -> dict[str, str]:
    """The condition of each facet that is narrowed, and of nearness. Only numbers and known codes get into them."""
    found = {
        "kind": _kind(query.kind),
        "category": f"category_id IN {_numbers(query.category_ids)}" if query.category_ids else "",
        "area": _equal("area_ids", query.area_id),
        "department": _equal("department_id", query.department_id),
        "status": _statuses(query.statuses),
        "time": _since(query.since) if query.since else "",
        "near": _near(*query.near) if query.near else "",
    }
    return {name: condition for name, condition in found.items() if condition}


def _kind(kind: str) -> str:
    if not kind:
        return ""
    return f"kind = {kind}" if CODE.fullmatch(kind) else NEVER


def _numbers(numbers: Iterable[int]) -> str:
    return f"[{', '.join(str(int(one)) for one in numbers)}]"


def _equal(attribute: str, number: int | None) -> str:
    return "" if number is None else f"{attribute} = {int(number)}"


def _statuses(codes: Sequence[str]) -> str:
    if not codes:
        return ""
    # In quotes, as a code may be a word of the filter's own language: EXISTS.
    known = [f'"{code}"' for code in codes if CODE.fullmatch(code)]
    return f"status IN [{', '.join(known)}]" if known else NEVER


def _since(moment: datetime) -> str:
    return f"at >= {int(moment.timestamp())}"


def _near(lat: float, lon: float, metres: int) -> str:
    if not on_earth(lat, lon):
        return NEVER
    return f"_geoRadius({lat:.7f}, {lon:.7f}, {max(0, min(int(metres), MAX_METRES))})"


def _all_but(filters: Mapping[str, str], left: str = "") -> list[str]:
    return [ALWAYS, *(condition for name, condition in filters.items() if name != left)]


def read_answer(query: Query, answer: Mapping[str, Any]) -> RankedHits:
    """The answer to `build_searches(query, …)`. Raises LookupError, TypeError or ValueError if it has another form."""
    results = answer["results"]
    if query.facets and len(results) != 1 + len(_filters(query).keys() & ATTRIBUTES.keys()) + len(TIME_SPANS):
        raise ValueError("not as many answers as were asked for")
    hits = [_place(hit) for hit in results[0]["hits"]]
    facets = _facets(query, results) if query.facets else {}
    total = int(results[0]["totalHits"])
    exact = total < settings.MAX_REACHABLE_HITS
    if not exact and query.facets:  # every document has one kind; beyond the reach totalHits says no more
        total = max(total, sum(results[0]["facetDistribution"]["kind"].values()))
    return RankedHits(hits, total, exact, facets, tuple(_instead(query.text, hits)))


def _place(hit: Mapping[str, Any]) -> RankedHit:
    found = key(hit["id"])
    if found is None:
        raise ValueError("a document that is none of ours")
    shown = hit["_formatted"]
    text, said = shown.get("text") or "", shown.get("discussion") or ""
    excerpt = said if HIGHLIGHT_START in said and HIGHLIGHT_START not in text else text
    return RankedHit(found, shown["title"], excerpt, hit["digest"])


def _facets(query: Query, results: Sequence[Mapping[str, Any]]) -> Facets:
    """The facets, in the order in which `build_searches` asked for them."""
    filters = _filters(query)
    rest = iter(results[1:])
    found = {}
    for name, attribute in ATTRIBUTES.items():
        counted = next(rest) if name in filters else results[0]
        found[name] = {str(value): int(n) for value, n in counted["facetDistribution"].get(attribute, {}).items()}
    return found | {"time": {span: int(next(rest)["estimatedTotalHits"]) for span in TIME_SPANS}}


def _instead(text: str, hits: Iterable[RankedHit]) -> Iterator[str]:
    """Typing errors that Meilisearch corrected. It does not name them; what it highlighted tells."""
    marked = {fold(word) for hit in hits for shown in (hit.title, hit.excerpt) for word in MARKED.findall(shown)}
    for word in dict.fromkeys(runs(plain_text(text))):
        if len(word) < settings.MIN_ONE_TYPO_CHARS or IS_CJK.match(word) or any(one.startswith(word) for one in marked):
            continue
        if like := difflib.get_close_matches(word, sorted(marked), n=1, cutoff=MIN_SIMILARITY):
            yield f"{word} → {like[0]}"
