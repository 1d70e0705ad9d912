"""What a page of search results shows: templates/search/search.html gets one SearchPage."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas, AreaView
from civic.geo.queries import nearest_place
from civic.i18n import gettext as _
from civic.i18n import lazy, pick
from civic.search.documents import MAX_REACHABLE_HITS, SearchResult
from civic.search.forms import SINCE, SearchForm
from civic.search.presenters import PresentedHit
from civic.search.subjects import desk_subjects, present_hit, public_subjects

FIRST_FACET_VALUES = 8  # of a facet that are shown at once
MAX_FACET_VALUES = 60  # and behind "more"
DISTANCE_METRES = (500, 1000, 3000)  # metres that are offered

SINCE_WORDS = {
    "week": lazy("Past week"),
    "month": lazy("Past month"),
    "year": lazy("Past year"),
}


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet: a link that sets its filter, or unsets the one that is on."""

    id: str
    words: str
    count: int
    on: bool
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    words: str
    values: tuple[FacetValue, ...]

    @property
    def first(self) -> tuple[FacetValue, ...]:
        return self.values[:FIRST_FACET_VALUES]

    @property
    def more(self) -> tuple[FacetValue, ...]:
        return self.values[FIRST_FACET_VALUES:MAX_FACET_VALUES]


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A filter that is on, and the address without it."""

    name: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class HitGroup:
    """A hit, and those that are shown under it: a service, or where that is not among them its first rating."""

    hit: PresentedHit
    under: tuple[PresentedHit, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`total` and the numbers of the facets are rounded if they are estimates (`found.exact` is False).

    `kinds` is the facet that stands above the hits; `corrections` are typing errors with what was searched for instead.
    """

    asked: SearchForm
    found: SearchResult
    hits: tuple[PresentedHit, ...]
    kinds: Facet | None
    facets: tuple[Facet, ...]
    chips: tuple[FilterChip, ...]
    corrections: tuple[tuple[str, str], ...]
    previous: str
    next: str
    around: str  # the name of the place that is near

    @property
    def total(self) -> int:
        return round_estimate(self.found.total, self.found.exact)

    @property
    def groups(self) -> list[HitGroup]:
        """The hits, those of one group together where its first one stands."""
        together: dict[str, list[PresentedHit]] = {}
        for hit in self.hits:
            together.setdefault(hit.group or f"{hit.kind}:{hit.document.item_id}", []).append(hit)
        groups = [sorted(hits, key=lambda hit: hit.document.url != hit.group) for hits in together.values()]
        return [HitGroup(hits[0], tuple(hits[1:])) for hits in groups]

    @property
    def is_cut(self) -> bool:
        """More is found than can be paged to, and this is the last page of it."""
        return not self.next and self.found.total > MAX_REACHABLE_HITS


def round_estimate(number: int, exact: bool = False) -> int:
    """An estimate as one says it: its first two digits."""
    if exact or number < 100:
        return number
    size: int = 10 ** (int(math.log10(number)) - 1)
    return round(number / size) * size


async def build_search_page(
    asked: SearchForm, found: SearchResult, pack: Catalogue, places: Areas, *, size: int
) -> SearchPage:
    """A page of what was found. The kinds' facet is made where there is more than one kind to be found."""
    offer = FacetBuilder(asked, found, pack, places)
    last = min(found.total, MAX_REACHABLE_HITS // size * size)
    around = await _around(asked)
    return SearchPage(
        asked=asked,
        found=found,
        hits=tuple(present_hit(hit, pack, places) for hit in found.hits),
        kinds=offer.kinds(),
        facets=tuple(facet for facet in offer.facets() if facet),
        chips=tuple(_chips(asked, pack, around)),
        corrections=tuple(
            (one, other) for text in found.corrections for one, _arrow, other in [text.partition(" → ")] if other
        ),
        previous=asked.address(page=asked.page - 1 if asked.page > 2 else None) if asked.page > 1 else "",
        next=asked.address(page=asked.page + 1) if asked.page * size < last else "",
        around=around,
    )


async def _around(asked: SearchForm) -> str:
    """The name of the place that is searched around."""
    if not asked.near:
        return ""
    lat, lon, _metres = asked.near
    place = await nearest_place(lat, lon)
    return pick(place.names) if place else f"{lat:.3f}, {lon:.3f}"


def format_distance(metres: float) -> str:
    """350 m, 1.2 km: to ten metres, or a hundred."""
    if metres < 995:
        return _("%(n)s m", n=max(10, int(round(metres, -1))))
    return _("%(n)s km", n=f"{metres / 1000:.1f}".removesuffix(".0"))


def _chips(asked: SearchForm, pack: Catalogue, around: str) -> Iterable[FilterChip]:
    """What narrows the search, in words; but for the kind, which stands above the hits."""
    words: dict[str, str] = {
        "category": _category_words(asked, pack),
        "status": status_labels(desk=asked.desk).get(asked.status, ""),
        "area": pick(asked.area.names) if asked.area else "",
        "department": pick(asked.department.names) if asked.department else "",
        "since": str(SINCE_WORDS.get(asked.since, "")),
        "near": _("Within %(distance)s of %(place)s", distance=format_distance(asked.near[2]), place=around)
        if asked.near
        else "",
    }
    return [FilterChip(name, words[name], asked.address(**{name: None})) for name in asked.filters if name != "kind"]


def _category_words(asked: SearchForm, pack: Catalogue) -> str:
    if one := pack.category_by_code.get(asked.category):
        return pick(one.names)
    gone = pack.retired_names().get(asked.category)
    return next((pick(group.names) for group in pack.groups if group.code == asked.category), pick(gone))


@dataclass(frozen=True)
class FacetBuilder:
    """The facets of what was found."""

    asked: SearchForm
    found: SearchResult
    pack: Catalogue
    places: Areas

    def kinds(self) -> Facet | None:
        counts = self.found.facets.get("kind", {})
        return self._facet("kind", "", counts, {one.kind: str(one.label) for one in public_subjects()}, ranked=False)

    def facets(self) -> list[Facet | None]:
        """Status, category, area, department, time; those that would narrow nothing are left out."""
        pack, of = self.pack, self.found.facets
        categories = _by(of.get("category"), pack.category_by_id, "code")
        departments = _by(of.get("department"), pack.department_by_id, "slug")
        areas = _by(of.get("area"), self.places.by_id, "slug")
        # Of hundreds, those that occur or are chosen have to be named.
        chosen = self.asked.filters
        category, department = chosen.get("category"), chosen.get("department")
        category_names = {
            one.code: pick(one.names) for one in pack.categories if one.code in categories or one.code == category
        }
        department_names = {
            one.slug: pick(one.names) for one in pack.departments if one.slug in departments or one.slug == department
        }
        return [
            self._facet("status", _("Status"), *self._statuses(of.get("status", {})), ranked=False),
            self._facet("category", _("Category"), categories, category_names),
            self._facet("area", _("Area"), areas, self._areas(areas)),
            self._facet("department", _("Department"), departments, department_names),
            self._facet("since", _("Time"), self._times(), {one: str(SINCE_WORDS[one]) for one in SINCE}, ranked=False),
        ]

    def _times(self) -> dict[str, int]:
        """The numbers for each time span; spans that exclude nothing are left out."""
        counts = self.found.facets.get("time", {})
        most = max(counts.values(), default=0) if self.asked.since else self.found.total
        return {one: count for one, count in counts.items() if count < most or self.asked.since}

    def _areas(self, counts: Mapping[str, int]) -> dict[str, str]:
        """A level at a time: the area that is chosen and its parts, else the parts of the smallest that has all."""
        chosen = self.asked.area
        whole = next(iter(self.places.children(None)), None)
        at = chosen or whole
        while at and not chosen and len(found := self._found_in(at, counts)) == 1 and found[0][1] >= self.found.total:
            at = found[0][0]
        if chosen and not self.places.children(chosen.id):
            at = self.places.by_id.get(chosen.parent_id or 0)
        values = [*([chosen] if chosen else []), *(area for area, _count in (self._found_in(at, counts) if at else ()))]
        return {area.slug: pick(area.names) for area in values}

    def _found_in(self, area: AreaView, counts: Mapping[str, int]) -> list[tuple[AreaView, int]]:
        """The parts of an area in which something was found, and how much."""
        return [(one, counts[one.slug]) for one in self.places.children(area.id) if counts.get(one.slug)]

    def _statuses(self, counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, str]]:
        """Numbers and labels: for everybody by groups, where a kind has groups; on the desk one by one."""
        labels = status_labels(desk=self.asked.desk)
        if self.asked.desk:
            codes = [status.code for subject in desk_subjects() for status in subject.statuses]
            return dict(counts), {code: labels[code] for code in codes}
        offered: dict[str, tuple[str, ...]] = {}
        for subject in public_subjects():
            means = subject.status_filters()
            codes = [*subject.groups] or [status.code for status in subject.statuses]
            offered |= {code: means[code] for code in codes}
        grouped = {code: sum(counts.get(one, 0) for one in statuses) for code, statuses in offered.items()}
        return grouped, {code: labels[code] for code in grouped}

    def _facet(
        self, name: str, words: str, counts: Mapping[str, int], known: Mapping[str, str], *, ranked: bool = True
    ) -> Facet | None:
        """The values that occur, most frequent first (`ranked`), with the one that is on in any case."""
        chosen = self.asked.filters.get(name, "")
        codes = [code for code in known if counts.get(code) or code == chosen]
        if ranked:
            codes.sort(key=lambda code: (code != chosen, -counts.get(code, 0)))
        if not codes or (not chosen and len(codes) == 1 and counts[codes[0]] >= self.found.total):
            return None
        return Facet(name, words, tuple(self._value(name, code, known[code], counts.get(code, 0)) for code in codes))

    def _value(self, name: str, code: str, words: str, count: int) -> FacetValue:
        on = self.asked.filters.get(name) == code
        url = self.asked.address(**{name: None if on else code})
        return FacetValue(f"{name}-{code}", words, round_estimate(count, self.found.exact), on, url)


def status_labels(*, desk: bool) -> dict[str, str]:
    """Labels of what a status filter may be set to."""
    labels: dict[str, str] = {}
    for subject in desk_subjects() if desk else public_subjects():
        labels = subject.status_labels() | labels
    return labels


def _by(counts: Mapping[str, int] | None, known: Mapping[int, object], attribute: str) -> dict[str, int]:
    """Counts by id as counts by code; what left the pack is left out."""
    found: dict[str, int] = {}
    for number, count in (counts or {}).items():
        if one := known.get(int(number)):
            code = str(getattr(one, attribute))
            found[code] = found.get(code, 0) + count
    return found


def distance_choices(asked: SearchForm) -> list[tuple[str, str, bool]]:
    """Other distances from the same place: words, address, whether it is the one in force."""
    if not asked.near:
        return []
    lat, lon, metres = asked.near
    return [
        (format_distance(one), replace(asked, near=(lat, lon, one)).address(), one == metres)
        for one in sorted({*DISTANCE_METRES, metres})
    ]
