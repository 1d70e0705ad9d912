"""Loading a pack into the database: one transaction, rows changed in place, none deleted that others may point at."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from tortoise.models import Model

from civic import cache, db, timing
from civic.catalogue.assets import replace_assets
from civic.catalogue.models import Calendar, Category, CategoryDepartment, Department, Service
from civic.city.models import City
from civic.db import in_transaction, retry_transaction
from civic.errors import Conflict
from civic.geo.actions import count_gazetteer, replace_gazetteer
from civic.geo.models import Area
from civic.i18n import gettext as _
from civic.packs.base_map import TilesPlace, make_base_map, remove_old_tiles
from civic.packs.contents import Pack
from civic.packs.demo_removal import count_demo, remove_demo
from civic.packs.doubts import find_doubts
from civic.packs.gazetteer import LoadedGazetteer, read_gazetteer
from civic.packs.moved_places import MovedPlaces, lie_in_retired_areas, move_places
from civic.packs.reader import read_pack
from civic.packs.retirement import count_open_cases
from civic.packs.table_sync import RowCounts, TableSync
from civic.routing.models import Rule
from civic.sla.actions import extend_intervals, store_intervals
from civic.sla.coverage import find_holiday_gaps, find_short_targets
from civic.sla.hours import CalendarSpec

MAP_SHARE = 0.7  # of the time that reading an extract takes; the rest is for its names
LOAD_LOCK = "civic.packs.load"


@dataclass(frozen=True)
class TakenDates:
    """What a calendar has beside the dates of the pack, and the days off and moved days of this year and the next."""

    source: str
    holidays: list[str]
    workdays: list[str]

    @classmethod
    def of(cls, spec: CalendarSpec) -> "TakenDates":
        years = (str(timing.now().year), str(timing.now().year + 1))
        days = [str(day) for day in spec.holidays if str(day).startswith(years)]
        return cls(spec.source, days, sorted(str(day) for day in spec.workdays if str(day).startswith(years)))

    def __str__(self) -> str:
        worked = f"; worked: {', '.join(self.workdays)}" if self.workdays else ""
        return f"public holidays of {self.source}: {', '.join(self.holidays)}{worked}"


@dataclass
class LoadSummary:
    """What loading a pack did, by kind (areas, departments, …). `changed`: whether anything changed."""

    city: dict[str, str]
    kinds: dict[str, RowCounts] = field(default_factory=dict)
    changed: bool = False
    removed: dict[str, int] = field(default_factory=dict)  # of the demo city, which stood there before
    open_cases: dict[str, dict[str, int]] = field(default_factory=dict)  # of what was retired, by kind and slug
    moved: MovedPlaces = field(default_factory=MovedPlaces)
    public_holidays: dict[str, TakenDates] = field(default_factory=dict)  # by calendar
    warnings: list[str] = field(default_factory=list)  # what is allowed, and probably not meant

    def as_json(self) -> dict[str, object]:
        return {
            "city": self.city,
            "changed": self.changed,
            "removed": self.removed,
            "open_cases": self.open_cases,
            "moved": asdict(self.moved),
            "warnings": self.warnings,
            "public_holidays": {slug: asdict(dates) for slug, dates in self.public_holidays.items()},
            **{kind: vars(tally) for kind, tally in self.kinds.items()},
        }


@retry_transaction
async def load_pack(
    folder: Path, *, demo: bool = False, replace_demo: bool = False, tiles: TilesPlace | None = None
) -> LoadSummary:
    """Read the pack in `folder` and bring the database to the same state; retire the rows that left the pack.

    Rows that did not come with a pack (a department that an import created) stay as they are. Loading the same pack
    again changes nothing. `demo` marks the city as made up; over such a one a pack is loaded with `replace_demo` only,
    which removes it first. The tiles of the pack's base map are made at `tiles`; without it there are none.
    Raises PackError for whatever is wrong with the pack and Conflict for a pack over the demo,
    or the demo over a city; then nothing is changed.
    """
    pack = read_pack(folder)
    base_map = await make_base_map(pack, folder, tiles.part(0, MAP_SHARE)) if tiles else ""
    gazetteer = await _read_gazetteer(pack, folder, tiles)
    async with in_transaction():
        await db.advisory_lock(LOAD_LOCK)
        removed = await _make_room(demo, replace_demo)
        before = await City.get_or_none(id=1)
        summary = await _Loader(pack, timing.now(), gazetteer, base_map=base_map, demo=demo).run()
        summary.removed = removed
    cache.clear_caches()
    if tiles:  # pages that are open now ask for those of before
        remove_old_tiles(tiles.folder, {base_map, before.base_map if before else ""})
    if summary.kinds["areas"].touched or await lie_in_retired_areas():
        summary.moved = await move_places()
    summary.warnings = [*find_doubts(pack), *map(str, [*await find_holiday_gaps(), *await find_short_targets()])]
    return summary


async def _read_gazetteer(pack: Pack, folder: Path, tiles: TilesPlace | None) -> LoadedGazetteer:
    city = await City.get_or_none(id=1)
    on_progress = (tiles or TilesPlace(folder)).part(MAP_SHARE, 1).on_progress
    return await read_gazetteer(pack, folder, city.gazetteer if city else "", on_progress)


async def _make_room(demo: bool, replace_demo: bool) -> dict[str, int]:
    """What was removed of the demo city. Raises Conflict."""
    city = await City.get_or_none(id=1)
    if city is None or city.demo == demo:
        return {}
    if demo:
        raise Conflict(_("A city is loaded: the demo city is only made in an empty database."))
    if not replace_demo:
        there = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in (await count_demo()).items())
        raise Conflict(
            _(
                "This database holds the demo city (%(there)s), whose people could sign in to yours. Give your city a "
                "folder of its own (paths.var, or database.url), or remove all of it first: --replace-demo.",
                there=there,
            )
        )
    return await remove_demo(city)


class _Loader:
    def __init__(self, pack: Pack, now: datetime, gazetteer: LoadedGazetteer, *, base_map: str, demo: bool) -> None:
        self.pack, self.now, self.base_map, self.demo = pack, now, base_map, demo
        self.gazetteer = gazetteer
        self.summary = LoadSummary(pack.city.names)
        self.owned: dict[str, list[str]] = {}  # slugs that came with the last pack, by kind
        self.contents: dict[str, list[str]] = {}
        self.retired: dict[str, list[str]] = {}  # slugs that this pack no longer has, by kind

    async def run(self) -> LoadSummary:
        city = await City.get_or_none(id=1)
        self.owned = city.contents if city else {}
        areas = await self._areas()
        calendars = await self._calendars()
        departments = await self._departments(calendars)
        categories = await self._categories()
        await self._category_departments(categories, areas, departments)
        await self._rules(departments)
        await self._services(departments)
        await self._places(city)
        await self._assets()
        await self._synonyms()
        await self._city(city)
        self.summary.open_cases = await count_open_cases(self.retired)
        return self.summary

    async def _start_sync(self, model: type[Model], kind: str, key: str) -> TableSync:
        sync = await TableSync(model, key, self.owned.get(kind, []), self.now).start()
        self.summary.kinds[kind] = sync.tally
        self.contents[kind] = []
        return sync

    async def _finish(self, sync: TableSync, kind: str) -> dict[str, int]:
        ids = await sync.finish()
        self.retired[kind] = sync.retired
        self.contents[kind] = sorted(ids)
        return ids

    async def _areas(self) -> dict[str, int]:
        sync = await self._start_sync(Area, "areas", "slug")
        for one in self.pack.areas:
            await sync.put(
                one.slug,
                parent_id=sync.ids.get(one.parent or ""),
                level=one.level,
                names=one.names,
                geometry=one.geometry.__geo_interface__,
            )
        return await self._finish(sync, "areas")

    async def _calendars(self) -> dict[str, int]:
        sync = await self._start_sync(Calendar, "calendars", "slug")
        for one in self.pack.calendars:
            spec = one.spec(self.pack.city.zone)
            if spec.source:
                self.summary.public_holidays[one.slug] = TakenDates.of(spec)
            row = await sync.put(one.slug, zone=spec.zone, spec=asdict(spec))
            await (store_intervals if one.slug in sync.touched else extend_intervals)(row.id)
        return await self._finish(sync, "calendars")

    async def _departments(self, calendars: Mapping[str, int]) -> dict[str, int]:
        sync = await self._start_sync(Department, "departments", "slug")
        for position, one in enumerate(self.pack.departments):
            await sync.put(
                one.slug,
                parent_id=sync.ids.get(one.parent),
                names=one.names,
                calendar_id=calendars[one.calendar],
                contacts={name: text for name, text in one.contacts.model_dump().items() if text},
                position=position,
            )
        return await self._finish(sync, "departments")

    async def _categories(self) -> dict[str, int]:
        sync = await self._start_sync(Category, "categories", "code")
        groups = {one.code: one.names for one in self.pack.groups}
        targets = self.pack.city.targets
        for position, one in enumerate(self.pack.categories):
            await sync.put(
                one.code,
                group=groups[one.group],
                group_code=one.group,
                names=one.names,
                descriptions=one.description,
                questions=[question.model_dump() for question in one.questions],
                response_target=one.response or targets.response,
                resolution_target=one.resolution or targets.resolution,
                photo_required=one.photo_required,
                evidence_required=one.evidence_required,
                public=one.visibility == "public",
                shape=one.shape,
                assets=one.assets,
                instead=one.instead.model_dump() if one.instead else {},
                position=position,
            )
        return await self._finish(sync, "categories")

    async def _category_departments(
        self, categories: Mapping[str, int], areas: Mapping[str, int], departments: Mapping[str, int]
    ) -> None:
        """The departments of categories by area. Nothing points at these rows, so wrong ones are deleted."""
        wanted = {
            (categories[one.code], area): departments[slug]
            for one in self.pack.categories
            for area, slug in [(None, one.department), *((areas[a], d) for a, d in one.department_by_area.items())]
            if slug
        }
        tally = self.summary.kinds["defaults"] = RowCounts()
        for row in await CategoryDepartment.filter(category_id__in=list(categories.values())):
            if wanted.get((row.category_id, row.area_id)) == row.department_id:
                del wanted[row.category_id, row.area_id]
                tally.same += 1
            else:
                await row.delete()
                tally.retired += 1
        for (category, area), department in wanted.items():
            await CategoryDepartment.create(category_id=category, area_id=area, department_id=department)
            tally.added += 1

    async def _rules(self, departments: Mapping[str, int]) -> None:
        sync = await self._start_sync(Rule, "rules", "slug")
        for position, one in enumerate(self.pack.rules):
            await sync.put(
                one.slug,
                names=one.names,
                position=position,
                condition=one.when,
                department_id=departments[one.department],
                support=list(one.support),
                priority=one.priority,
            )
        await self._finish(sync, "rules")

    async def _services(self, departments: Mapping[str, int]) -> None:
        sync = await self._start_sync(Service, "services", "slug")
        for position, one in enumerate(self.pack.services):
            await sync.put(
                one.slug,
                names=one.names,
                department_id=departments[one.department],
                guide={language: guide.model_dump() for language, guide in one.guide.items()},
                url=one.url,
                lat=one.place.lat if one.place else None,
                lon=one.place.lon if one.place else None,
                position=position,
            )
        await self._finish(sync, "services")

    async def _places(self, city: City | None) -> None:
        """Replace the whole gazetteer if its sources differ; nothing points at its rows."""
        loaded = city is not None and city.gazetteer == self.gazetteer.digest  # perhaps by a load just before this one
        rows = None if loaded else self.gazetteer.rows
        before = await replace_gazetteer(rows) if rows else await count_gazetteer()
        after = await count_gazetteer() if rows else before
        for kind, count in after.items():
            counts = RowCounts(added=count, retired=before[kind]) if rows else RowCounts(same=count)
            self.summary.kinds[kind] = counts

    async def _assets(self) -> None:
        """Bring the numbered things to what the pack and its extract have, where that was read anew."""
        if self.gazetteer.assets is None:
            return
        counts = await replace_assets(self.gazetteer.assets, self.now)
        self.summary.kinds["assets"] = RowCounts(counts.added, counts.changed, counts.retired, counts.same)

    async def _synonyms(self) -> None:
        """Replace all synonyms if they differ."""
        wanted = [list(group) for group in self.pack.synonyms]
        rows = await db.fetch("SELECT value FROM search_state WHERE name = 'synonyms'")
        have = rows[0]["value"] if rows else []
        tally = self.summary.kinds["synonyms"] = RowCounts(same=len(have))
        if wanted == have:
            return
        await db.execute(
            "INSERT INTO search_state (name, value) VALUES ('synonyms', $1::jsonb)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            json.dumps(wanted, ensure_ascii=False),
        )
        self.summary.kinds["synonyms"] = RowCounts(added=len(wanted), retired=tally.same)

    async def _city(self, row: City | None) -> None:
        part = self.pack.city
        values = {
            "names": part.names,
            "languages": part.languages,
            "zone": part.zone,
            "phone": part.phone,
            "accent": part.accent,
            "settings": part.settings.model_dump(),
            "bbox": self.pack.bbox,
            "contents": self.contents,
            "pack_hash": self.pack.digest,
            "base_map": self.base_map,
            "gazetteer": self.gazetteer.digest,
            "demo": self.demo,
        }
        self.summary.changed = (
            row is None
            or any(getattr(row, name) != value for name, value in values.items())
            or any(tally.touched for tally in self.summary.kinds.values())
        )
        if self.summary.changed:
            version = row.version + 1 if row else 1
            await City.update_or_create(id=1, defaults={**values, "version": version, "loaded_at": self.now})
