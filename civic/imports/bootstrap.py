"""Creating what an import needs and the database lacks: the city, calendars, departments and categories."""

from collections.abc import Collection
from dataclasses import asdict

from civic import cache, timing
from civic.catalogue.actions import add_category, add_department
from civic.catalogue.models import Calendar, Category, Department
from civic.city.actions import bump_version
from civic.city.models import City
from civic.city.queries import city
from civic.db import advisory_lock, in_transaction, retry_transaction
from civic.i18n import gettext as _
from civic.imports.mapping import CategoryMapping, CityMapping, DepartmentMapping, ImportFault, ImportMapping
from civic.imports.models import ImportAddition
from civic.imports.parser import ImportedReport, RowRefused
from civic.sla.actions import store_intervals
from civic.text import make_slug

# Two imports that start at once create one city, and each department once.
BOOTSTRAP_LOCK = "civic.imports.bootstrap"
NOT_MADE = 0  # the id of what a dry run would make


@retry_transaction
async def bootstrap(mapping: ImportMapping, *, dry_run: bool = False) -> None:
    """Create the calendars of the mapping, and its city if none is loaded. Existing ones are not changed.

    Raises ImportFault if there is no city and the mapping has none; in a dry run that is all.
    """
    if mapping.city is None and not await City.exists(id=1):
        raise ImportFault(_("No city is loaded. Load a pack (civic load …), or let the mapping say [city]."))
    if dry_run:
        return
    async with in_transaction():
        await advisory_lock(BOOTSTRAP_LOCK)
        if mapping.city is not None and not await City.exists(id=1):
            await _create_city(mapping.city)
            await _note(mapping, "city", "1")
        for slug, part in mapping.calendars.items():
            if not await Calendar.exists(slug=slug):
                row = await Calendar.create(slug=slug, zone=part.zone, spec=asdict(part.spec(part.zone)))
                await _note(mapping, "calendar", slug)
                await store_intervals(row.id)
                await bump_version()
    cache.clear_caches()


async def _note(mapping: ImportMapping, kind: str, key: str) -> None:
    """Remember that this import made it, so that undoing the import can take it back."""
    await ImportAddition.update_or_create(kind=kind, key=key, defaults={"name": mapping.name, "made_at": timing.now()})


async def _create_city(part: CityMapping) -> None:
    await City.create(
        id=1,
        names=part.names,
        languages=list(part.languages),
        zone=part.zone,
        settings={"calendar": part.calendar, "response": part.response, "resolution": part.resolution},
        bbox=list(part.bbox),
        pack_hash="",
        loaded_at=timing.now(),
    )


class CatalogueLookup:
    """Ids of departments and categories by the names in the file; creates missing ones if the mapping says so.

    In a dry run those that it would create have the id NOT_MADE.
    """

    def __init__(self, mapping: ImportMapping, *, dry_run: bool = False) -> None:
        self.mapping, self.dry_run = mapping, dry_run
        self.departments: dict[str, int | None] = {}
        self.categories: dict[str, int | None] = {}
        self._calendar: int | None = None

    @retry_transaction
    async def find_or_create(self, reports: Collection[ImportedReport]) -> None:
        """Find or create what these reports name. Raises ImportFault for a calendar that does not exist."""
        departments = {one.department for one in reports if one.department} - set(self.departments)
        categories = {one.category for one in reports if one.category} - set(self.categories)
        if not departments and not categories:
            return
        async with in_transaction():
            await advisory_lock(BOOTSTRAP_LOCK)
            for name in sorted(departments):
                self.departments[name] = await self._department(name)
            for name in sorted(categories):
                self.categories[name] = await self._category(name)
        cache.clear_caches()

    def department(self, report: ImportedReport) -> int | None:
        """The id of the report's department. Raises RowRefused if it does not exist and may not be created."""
        if not report.department:
            return None
        if (department_id := self.departments[report.department]) is None:
            reason = _("There is no department “%(name)s”.", name=report.department[:80])
            raise RowRefused("department", "department", reason)
        return department_id

    def category(self, report: ImportedReport) -> int | None:
        """The id of the report's category. Raises RowRefused as `department` does."""
        if not report.category:
            return None
        if (category_id := self.categories[report.category]) is None:
            raise RowRefused("category", "category", _("There is no category “%(name)s”.", name=report.category[:80]))
        return category_id

    async def _department(self, name: str) -> int | None:
        mapped = self.mapping.departments
        part = mapped.values.get(name) or DepartmentMapping(slug=make_slug(name))
        row = await Department.get_or_none(slug=part.slug)
        if row is not None or not mapped.create:
            return int(row.id) if row else None
        calendar_id = await self._calendar_id(part.calendar or mapped.calendar)
        if self.dry_run:
            return NOT_MADE
        await _note(self.mapping, "department", part.slug)
        return await add_department(
            part.slug,
            names=part.names or self._named(name),
            calendar_id=calendar_id,
            contacts={str(kind): text for kind, text in part.contacts.items()},
        )

    async def _category(self, name: str) -> int | None:
        mapped = self.mapping.categories
        part = mapped.values.get(name) or CategoryMapping(code=make_slug(name))
        row = await Category.get_or_none(code=part.code)
        if row is not None or not mapped.create:
            return int(row.id) if row else None
        if self.dry_run:
            return NOT_MADE
        settings = (await city()).settings
        await _note(self.mapping, "category", part.code)
        return await add_category(
            part.code,
            names=part.names or self._named(name),
            response=part.response or mapped.response or settings.response,
            resolution=part.resolution or mapped.resolution or settings.resolution,
            group=part.group,
            group_names=part.group_names or self._named(part.group),
        )

    def _named(self, name: str) -> dict[str, str]:
        return {self.mapping.language or "en": name[:200]}

    async def _calendar_id(self, slug: str) -> int:
        if not slug:
            made = self.mapping.city if not await City.exists(id=1) else None
            slug = made.calendar if made else (await city()).settings.calendar
        if self.dry_run and slug in self.mapping.calendars:
            return NOT_MADE
        row = await Calendar.get_or_none(slug=slug)
        if row is None:
            raise ImportFault(_("departments.calendar: there is no calendar “%(name)s”.", name=slug))
        return int(row.id)
