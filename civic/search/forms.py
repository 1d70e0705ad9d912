"""What somebody looks for, from query parameters: every search can be linked."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from civic import timing
from civic.catalogue.catalogue import Catalogue, DepartmentView
from civic.catalogue.filters import describe_unknown, read_city_filters
from civic.geo.areas import Areas, AreaView
from civic.geo.near import Near, format_near
from civic.i18n import gettext as _
from civic.search.documents import MAX_REACHABLE_HITS, PAGE_HITS, Query, SortOrder
from civic.search.postgres.search import TIME_SPANS
from civic.search.subjects import desk_subjects, public_subjects

SINCE = tuple(TIME_SPANS)  # week, month, year

MAX_QUERY_CHARS = 200  # characters of what is typed into the box
# Control characters, marks that turn the direction of writing, and what stands around words that were found.
INVISIBLE_CHARS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue000\ue001\ufeff]"
)


def clean_line(text: str, max_chars: int = MAX_QUERY_CHARS) -> str:
    """The text as one line of at most `max_chars`, without invisible characters."""
    return " ".join(INVISIBLE_CHARS.sub(" ", text[: max_chars * 10]).split())[:max_chars].rstrip()


@dataclass(frozen=True)
class SearchForm:
    """A search, read from its address and checked. `path` is the page's; ids are of the pack in force."""

    path: str = "/search"
    desk: bool = False
    q: str = ""
    kind: str = ""
    category: str = ""  # code of a category or of a group
    category_ids: tuple[int, ...] = ()
    area: AreaView | None = None
    department: DepartmentView | None = None
    status: str = ""  # a code, or that of a group
    statuses: tuple[str, ...] = ()  # that it means
    since: str = ""
    near: Near | None = None
    sort: SortOrder = SortOrder.RELEVANCE
    page: int = 1
    unknown: dict[str, str] = field(default_factory=dict, compare=False)  # what there is not, by parameter: a message

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, by the name of their parameter."""
        given = {
            "kind": self.kind,
            "category": self.category,
            "status": self.status,
            "area": self.area.slug if self.area else "",
            "department": self.department.slug if self.department else "",
            "since": self.since,
            "near": format_near(self.near) if self.near else "",
        }
        return {name: value for name, value in given.items() if value}

    @property
    def empty(self) -> bool:
        """Whether neither words nor filters are given."""
        return not (self.q or self.filters)

    @property
    def unfiltered_address(self) -> str:
        """The address of the same words without filters."""
        return self.address(**dict.fromkeys(self.filters))

    def address(self, **changes: object) -> str:
        """This search with some parameters changed (None or empty drops one); from its first page, unless changed."""
        sort = "" if self.sort is SortOrder.RELEVANCE else self.sort.value
        values: dict[str, object] = {"q": self.q, **self.filters, "sort": sort} | changes
        given = {name: str(value) for name, value in values.items() if value}
        return self.path + ("?" + urlencode(given) if given else "")

    def build_query(
        self, *, size: int = PAGE_HITS, facets: bool = True, readers: tuple[int, ...] | None = None
    ) -> Query:
        """The query that an engine answers."""
        return Query(
            text=self.q,
            kind=self.kind,
            category_ids=self.category_ids,
            area_id=self.area.id if self.area else None,
            department_id=self.department.id if self.department else None,
            statuses=self.statuses,
            since=timing.now() - TIME_SPANS[self.since] if self.since else None,
            near=self.near,
            sort=self.sort,
            page=self.page,
            size=size,
            facets=facets,
            readers=readers,
        )


def read_search_form(
    params: Mapping[str, str],
    catalogue: Catalogue,
    areas: Areas,
    *,
    path: str = "/search",
    near: Near | None = None,
    size: int = PAGE_HITS,
    desk: bool = False,
) -> SearchForm:
    """A search from the parameters q, kind, category, area, department, status, since, sort, page.

    `near` is the place that the parameter of that name means.

    On the desk nobody chooses a kind.
    """
    status, since = params.get("status", ""), params.get("since", "")
    chosen = read_city_filters(params, catalogue, areas)
    statuses = status_filters(desk=desk)
    kind, sort = "" if desk else params.get("kind", ""), params.get("sort", "")
    kinds = {one.kind for one in public_subjects()}
    return SearchForm(
        path=path,
        desk=desk,
        q=clean_line(params.get("q", "")),
        kind=kind if kind in kinds else "",
        category=chosen.category,
        category_ids=chosen.category_ids,
        area=chosen.area,
        department=chosen.department,
        status=status if status in statuses else "",
        statuses=statuses.get(status, ()),
        since=since if since in SINCE else "",
        near=near,
        sort=SortOrder(sort) if sort in list(SortOrder) else SortOrder.RELEVANCE,
        page=_page(params.get("page", ""), size),
        unknown=chosen.unknown
        | _unknown_codes({"kind": (kind, kinds), "status": (status, statuses), "since": (since, SINCE)}),
    )


def _unknown_codes(asked: Mapping[str, tuple[str, Collection[str]]]) -> dict[str, str]:
    """A message for each parameter whose value is none of those that there are."""
    message = _("“%(value)s” is nothing that can be chosen here.")
    return {
        name: describe_unknown(message, code) for name, (code, known) in asked.items() if code and code not in known
    }


def status_filters(*, desk: bool) -> dict[str, tuple[str, ...]]:
    """What a status filter may be set to: groups and statuses of every subject, each with the statuses it means."""
    filters: dict[str, tuple[str, ...]] = {}
    for subject in desk_subjects() if desk else public_subjects():
        for code, statuses in subject.status_filters().items():
            filters[code] = tuple(dict.fromkeys((*filters.get(code, ()), *statuses)))
    return filters


def _page(text: str, size: int) -> int:
    """The number of a page that can be paged to; the first for anything else."""
    number = int(text[:9]) if text.isascii() and text.isdigit() else 1
    return max(1, min(number, MAX_REACHABLE_HITS // size))
