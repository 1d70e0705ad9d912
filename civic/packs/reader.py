"""A pack from its folder, checked whole."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from civic.i18n import gettext as _
from civic.packs import areas, calendars, catalogue, places, polygons, references, synonyms
from civic.packs.city import read_city
from civic.packs.contents import DepartmentPart, Pack, ServicePart
from civic.packs.files import TomlFile
from civic.packs.problems import Problems
from civic.suggestions import did_you_mean

REQUIRED = ("city.toml", "areas.geojson", "calendars.toml", "departments.toml", "categories.toml")
OPTIONAL = ("rules.toml", "services.toml", places.FILE_NAME, synonyms.FILE_NAME)
READ_SUFFIXES = (".toml", ".geojson", ".json", ".csv")


def read_pack(folder: Path) -> Pack:
    """The pack in `folder`. Raises PackError with everything that is wrong in any of its files."""
    problems = Problems()
    _check_files(folder, problems)
    problems.raise_any()  # without its files there is nothing to check
    pack = _Reading(folder, problems).pack()
    problems.raise_any()
    return pack


def _check_files(folder: Path, problems: Problems) -> None:
    if not folder.is_dir():
        problems.add(str(folder), _("There is no such folder."))
        return
    present = {path.name for path in folder.iterdir() if path.is_file()}
    for name in REQUIRED:
        if name not in present:
            problems.add(name, _("The file is missing."))
    for name in sorted(present - set(REQUIRED) - set(OPTIONAL)):
        if name.endswith(READ_SUFFIXES):
            message = _("A pack has no such file.") + did_you_mean(name, (*REQUIRED, *OPTIONAL))
            problems.add(name, message)


class _Reading:
    """Reads file after file, with what the others need of each."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self.folder, self.problems = folder, problems

    def toml(self, name: str) -> TomlFile:
        return TomlFile(self.folder / name, self.problems, optional=name in OPTIONAL)

    def pack(self) -> Pack:
        city = read_city(self.toml("city.toml"))
        languages = city.languages
        convert = polygons.position_converter(city.crs)
        groups, categories = catalogue.read_categories(self.toml("categories.toml"), languages, city.settings)
        services = catalogue.read_services(self.toml("services.toml"), languages)
        pack = Pack(
            folder=self.folder,
            digest=digest(self.folder),
            city=city,
            areas=tuple(areas.read_areas(self.folder / areas.FILE_NAME, city, self.problems)),
            calendars=tuple(calendars.read_calendars(self.toml("calendars.toml"), city.zone)),
            departments=_parents_first(catalogue.read_departments(self.toml("departments.toml"), languages)),
            groups=groups,
            categories=tuple(categories),
            rules=tuple(catalogue.read_rules(self.toml("rules.toml"), languages)),
            services=tuple(_placed(one, convert) for one in services),
            places=tuple(places.read_places(self.folder, languages, convert, self.problems)),
            synonyms=synonyms.read_synonyms(self.folder, self.problems),
        )
        _check_references(pack)
        return pack


def _check_references(pack: Pack) -> None:
    calendar_slugs = {one.slug for one in pack.calendars}
    departments = {one.slug for one in pack.departments}
    area_slugs = {one.slug for one in pack.areas}
    references.check_city(pack.city, calendar_slugs)
    for parts, key in (
        (pack.calendars, "slug"),
        (pack.departments, "slug"),
        (pack.categories, "code"),
        (pack.rules, "slug"),
        (pack.services, "slug"),
    ):
        references.check_once(parts, key)
    references.check_departments(pack.departments, calendar_slugs)
    references.check_categories(pack.categories, pack.groups, departments, area_slugs)
    references.check_rules(pack.rules, departments)
    references.check_conditions(pack.rules, pack.categories, area_slugs)
    references.check_services(pack.services, departments)


def _parents_first(departments: Sequence[DepartmentPart]) -> tuple[DepartmentPart, ...]:
    """In the order of the file, but none before its parent; those in a circle or without parent last."""
    left, found = list(departments), list[DepartmentPart]()
    while left:
        known = {one.slug for one in found}
        ready = [one for one in left if not one.parent or one.parent in known]
        if not ready:
            return (*found, *left)
        found.append(ready[0])
        left.remove(ready[0])
    return tuple(found)


def _placed(service: ServicePart, convert: polygons.Convert) -> ServicePart:
    if service.lat is None or service.lon is None:
        return service
    if wrong := polygons.position_error(service.lat, service.lon):
        service.at.problem("place", wrong)
        return service
    lat, lon = convert(service.lat, service.lon)
    return ServicePart(**{**vars(service), "lat": lat, "lon": lon})


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of the pack's files."""
    total = hashlib.sha256()
    for name in (*REQUIRED, *OPTIONAL):
        path = folder / name
        content = path.read_bytes() if path.exists() else b""
        total.update(f"{name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()
