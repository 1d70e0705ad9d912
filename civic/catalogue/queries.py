"""Reads of the catalogue."""

from dataclasses import dataclass

from tortoise.queryset import QuerySet

from civic.accounts.names import CityWords
from civic.cache import cached_while
from civic.catalogue.catalogue import Catalogue, CategoryView, DepartmentView, Helper, Question, ServiceView
from civic.catalogue.models import Asset, Calendar, Category, CategoryDepartment, Department, Service
from civic.catalogue.sql import FIND_ASSET, NEAREST_ASSETS
from civic.city.queries import city, city_version
from civic.db import fetch, fetch_one
from civic.geo.distance import bounding_box

ASSET_METRES, MAX_ASSETS = 100.0, 20  # around a place, those that a report of it may mean


@dataclass(frozen=True, slots=True)
class NearAsset:
    """A numbered thing and its distance from where was asked, in metres."""

    id: int
    kind: str
    code: str
    lat: float
    lon: float
    metres: float


@cached_while(city_version)
async def catalogue() -> Catalogue:
    """The whole catalogue, cached until the city's version rises."""
    calendars = await Calendar.filter(retired_at=None).values("slug", "id")
    given = await CategoryDepartment.all().values("category_id", "area_id", "department_id")
    return Catalogue(
        every_category=[_category(one) for one in await Category.all().order_by("position", "id")],
        every_department=[_department(one) for one in await Department.all().order_by("position", "id")],
        every_service=[_service(one) for one in await Service.all().order_by("position", "id")],
        calendars={one["slug"]: one["id"] for one in calendars},
        default_departments={(one["category_id"], one["area_id"]): one["department_id"] for one in given},
    )


async def nearest_assets(category: CategoryView, lat: float, lon: float) -> list[NearAsset]:
    """The things of the category's kinds within 100 metres that the city has now, the nearest first."""
    box = bounding_box(lat, lon, ASSET_METRES)
    kinds = list(category.assets)
    rows = await fetch(NEAREST_ASSETS, kinds, lat, lon, *box, ASSET_METRES, MAX_ASSETS) if kinds else []
    return [NearAsset(**row) for row in rows]


async def find_asset(category: CategoryView, code: str, near: tuple[float, float] | None = None) -> NearAsset | None:
    """The thing of the category's kinds that bears this number; of several the one nearest to `near`, in degrees.

    A number may be typed in small letters, or in capitals.
    """
    codes = [code, code.upper(), code.lower()]
    lat, lon = near or (0.0, 0.0)
    row = await fetch_one(FIND_ASSET, list(category.assets), codes, lat, lon) if code and category.assets else None
    return NearAsset(**row) if row else None


async def list_assets(kind: str = "") -> list[NearAsset]:
    """All things that the city has now, or those of a kind, by kind and number."""
    now = Asset.filter(retired_at=None)
    return await _read_assets(now.filter(kind=kind) if kind else now)


async def find_asset_of_kind(kind: str, code: str) -> NearAsset | None:
    """The thing with exactly this number, unless it is retired."""
    return next(iter(await _read_assets(Asset.filter(kind=kind, code=code, retired_at=None))), None)


async def read_asset(asset_id: int) -> NearAsset:
    """A thing that a report names, retired or not."""
    [asset] = await _read_assets(Asset.filter(id=asset_id))
    return asset


async def _read_assets(assets: QuerySet[Asset]) -> list[NearAsset]:
    rows = await assets.order_by("kind", "code").values("id", "kind", "code", "lat", "lon")
    return [NearAsset(**row, metres=0.0) for row in rows]


async def read_city_words() -> CityWords:
    """The names of the city and of its departments in every language, and the words of the pack that claim office."""
    view = await city()
    departments = (await catalogue()).departments
    names = [*view.names.values(), *(name for one in departments for name in one.names.values())]
    return CityWords(names=tuple(names), official=tuple(view.settings.official_words))


def _category(row: Category) -> CategoryView:
    return CategoryView(
        id=row.id,
        code=row.code,
        group_code=row.group_code,
        group=row.group,
        names=row.names,
        descriptions=row.descriptions,
        questions=tuple(Question.model_validate(one) for one in row.questions),
        response_target=row.response_target,
        resolution_target=row.resolution_target,
        photo_required=row.photo_required,
        evidence_required=row.evidence_required,
        public=row.public,
        position=row.position,
        retired=row.retired_at is not None,
        shape=row.shape,
        assets=tuple(row.assets),
        instead=Helper.model_validate(row.instead) if row.instead else None,
    )


def _department(row: Department) -> DepartmentView:
    return DepartmentView(
        id=row.id,
        slug=row.slug,
        parent_id=row.parent_id,
        names=row.names,
        calendar_id=row.calendar_id,
        contacts=row.contacts,
        retired=row.retired_at is not None,
    )


def _service(row: Service) -> ServiceView:
    return ServiceView(
        id=row.id,
        slug=row.slug,
        names=row.names,
        department_id=row.department_id,
        guide=row.guide,
        url=row.url,
        lat=row.lat,
        lon=row.lon,
        position=row.position,
        retired=row.retired_at is not None,
    )
