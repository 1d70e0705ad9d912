"""What programs get of a search."""

from datetime import datetime

from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas
from civic.schemas import Schema
from civic.search.pages import SearchPage
from civic.search.presenters import PresentedHit


class HitAnswer(Schema):
    """A hit; its texts are without marks, `category`, `department` and `area` are codes and slugs.

    `group` is the address of the service that it is, or rates: pages show these together, where the first stands.
    """

    kind: str
    url: str
    title: str
    excerpt: str
    status: str | None
    category: str | None
    department: str | None
    area: str | None
    at: datetime | None
    support: int
    lat: float | None
    lon: float | None
    metres: int | None
    stars: int | None
    group: str | None

    @classmethod
    def of(cls, hit: PresentedHit, catalogue: Catalogue, areas: Areas) -> "HitAnswer":
        document = hit.document
        category = catalogue.category_by_id.get(document.category_id or 0)
        department = catalogue.department_by_id.get(document.department_id or 0)
        path = [area for number in document.area_ids if (area := areas.by_id.get(number))]
        area = max(path, key=lambda one: one.level, default=None)
        return cls(
            kind=document.kind,
            url=document.url,
            title=hit.title.striptags(),
            excerpt=hit.excerpt.striptags(),
            status=hit.status or None,
            category=category.code if category else None,
            department=department.slug if department else None,
            area=area.slug if area else None,
            at=hit.at,
            support=document.support,
            lat=document.lat,
            lon=document.lon,
            metres=round(hit.metres) if hit.metres is not None else None,
            stars=hit.stars,
            group=hit.group or None,
        )


class CorrectionAnswer(Schema):
    """A typed word and the word that was searched for in its place."""

    typed: str
    meant: str


class SearchAnswer(Schema):
    """A page of hits; `facets` counts by filter and value, `next` is the number of the next page, or null.

    `exact`: `count` is no estimate. `fallback`: Meilisearch is away, and PostgreSQL answered. `catching_up`: about how
    many changes the index lacks for now; 0 in everyday operation.
    """

    count: int
    exact: bool
    results: list[HitAnswer]
    facets: dict[str, dict[str, int]]
    instead: list[CorrectionAnswer]
    fallback: bool
    catching_up: int
    next: int | None

    @classmethod
    def of(cls, page: SearchPage, catalogue: Catalogue, areas: Areas, catching_up: int) -> "SearchAnswer":
        result = page.found
        facets = (*((page.kinds,) if page.kinds else ()), *page.facets)
        return cls(
            count=result.total,
            exact=result.exact,
            results=[HitAnswer.of(hit, catalogue, areas) for hit in page.hits],
            facets={
                facet.name: {value.id.partition("-")[2]: value.count for value in facet.values} for facet in facets
            },
            instead=[CorrectionAnswer(typed=typed, meant=meant) for typed, meant in page.corrections],
            fallback=result.fallback,
            catching_up=catching_up,
            next=page.asked.page + 1 if page.next else None,
        )
