"""A pack from its folder, checked whole."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from civic.geo.coordinates import Convert, position_converter
from civic.i18n import gettext as _
from civic.packs import areas, assets, layers, locations, places, synonyms
from civic.packs.categories import PackCategory
from civic.packs.contents import Pack, PackArea
from civic.packs.fields import PackNames, check_zone, is_language
from civic.packs.files import TomlFile, read_text
from civic.packs.problems import Problems
from civic.packs.schemas import (
    AreaKeys,
    CalendarsFile,
    CategoriesFile,
    DepartmentsFile,
    PackCity,
    PackDepartment,
    PackPosition,
    PackService,
    RulesFile,
    ServicesFile,
)
from civic.suggestions import did_you_mean

REQUIRED = ("city.toml", "areas.geojson", "calendars.toml", "departments.toml", "categories.toml")
OPTIONAL = ("rules.toml", "services.toml", places.FILE_NAME, synonyms.FILE_NAME, *layers.LAYERS, assets.FILE_NAME)
READ_SUFFIXES = (".toml", ".geojson", ".json", ".csv")
# The arrays of tables of each file, and the key that tells their tables apart.
KEYED_TABLES = (
    ("calendars.toml", "calendar", "slug"),
    ("departments.toml", "department", "slug"),
    ("categories.toml", "group", "code"),
    ("categories.toml", "category", "code"),
    ("rules.toml", "rule", "slug"),
    ("services.toml", "service", "slug"),
)


def read_pack(folder: Path) -> Pack:
    """The pack in `folder`. Raises PackError with everything that is wrong in any of its files."""
    problems = Problems()
    _check_files(folder, problems)
    problems.raise_any()  # without its files there is nothing to check
    return _PackReader(folder, problems).read()


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


class _PackReader:
    """Reads file after file, each with the short names that it may refer to in the others.

    These are collected before anything is checked, so that one mistake is told once, where it was made.
    """

    def __init__(self, folder: Path, problems: Problems) -> None:
        self.folder, self.problems = folder, problems
        self.files = {
            name: TomlFile(folder / name, problems, optional=name in OPTIONAL)
            for name in (*REQUIRED, *OPTIONAL)
            if name.endswith(".toml")
        }
        raw_city = self.files["city.toml"].data
        languages = raw_city.get("languages")
        self.names = PackNames(
            languages=tuple(filter(is_language, languages)) if isinstance(languages, list) else (),
            zone=_zone_or_utc(raw_city.get("zone")),
            calendars=self.files["calendars.toml"].short_names("calendar", "slug"),
            departments=self.files["departments.toml"].short_names("department", "slug"),
            groups=self.files["categories.toml"].short_names("group", "code"),
            categories=self.files["categories.toml"].short_names("category", "code"),
        )

    def read(self) -> Pack:
        """The pack. Raises PackError."""
        if self.files["city.toml"].broken:  # it says how the others are to be read: what they seem to lack follows
            read_text(self.folder / areas.FILE_NAME, self.problems)
            self.problems.raise_any()
        for name, table, key in KEYED_TABLES:
            _note_twice(self.files[name], table, key)
        _note_circles(self.files["departments.toml"])
        city = self.files["city.toml"].read(PackCity, self.names)
        read_areas = areas.read_areas(self.folder / areas.FILE_NAME, city or self._guess_city(), self.problems)
        self.names = replace(self.names, areas={one.slug for one in read_areas} or None)
        if city and read_areas:
            self._check_zone(city.zone, read_areas[0])
        calendars = self.files["calendars.toml"].read(CalendarsFile, self.names)
        departments = self.files["departments.toml"].read(DepartmentsFile, self.names)
        categories = self.files["categories.toml"].read(CategoriesFile, self.names)
        if categories:
            for index, category in enumerate(categories.categories):
                for number, text in category.wrong_conditions():
                    self.files["categories.toml"].note(("category", index, "question", number, "when"), text)
            self.names = replace(self.names, questions=_questions(categories.categories))
        rules = self.files["rules.toml"].read(RulesFile, self.names)
        services = self.files["services.toml"].read(ServicesFile, self.names)
        convert = position_converter(city.crs if city else "wgs84")
        box = self._box(read_areas)
        if box and services:
            self._check_services(services.services, convert, box)
        read_places = places.read_places(self.folder, self.names.languages, convert, self.problems, box)
        read_layers = list(layers.LayerReader(self.names.languages, convert, box, self.problems).read(self.folder))
        kinds = {kind for one in categories.categories for kind in one.assets} if categories else set[str]()
        read_assets = (
            list(assets.AssetReader(kinds, convert, box, self.problems).read(self.folder)) if categories else []
        )
        phrases = synonyms.read_synonyms(self.folder, self.problems)
        self.problems.raise_any()
        # What is None has noted its problems.
        assert city is not None
        assert calendars is not None
        assert departments is not None
        assert categories is not None
        assert rules is not None
        assert services is not None
        return Pack(
            digest=digest(self.folder),
            city=city,
            areas=tuple(read_areas),
            calendars=tuple(calendars.calendars),
            departments=_parents_first(departments.departments),
            groups=tuple(categories.groups),
            categories=tuple(categories.categories),
            rules=tuple(rules.rules),
            services=tuple(_converted(one, convert) for one in services.services),
            places=tuple(read_places),
            synonyms=phrases,
            assets=tuple(read_assets),
            layers=tuple(read_layers),
        )

    def _check_zone(self, zone: str, root: PackArea) -> None:
        if root.geometry.is_empty:
            return  # its own problem is told
        point = root.geometry.representative_point()
        if wrong := locations.find_zone_problem(zone, point.y, point.x):
            self.problems.add(areas.FILE_NAME, wrong)

    @staticmethod
    def _box(read_areas: Sequence[PackArea]) -> locations.Box | None:
        if not read_areas:
            return None
        west, south, east, north = read_areas[0].geometry.bounds
        return west, south, east, north

    def _check_services(self, services: Sequence[PackService], convert: Convert, box: locations.Box) -> None:
        for one in services:
            if one.place and (wrong := locations.find_box_problem(box, *convert(one.place.lat, one.place.lon))):
                self.problems.add("services.toml", wrong, where=one.slug)

    def _guess_city(self) -> PackCity:
        """What reading the areas needs of a city.toml that is wrong elsewhere."""
        data = self.files["city.toml"].data
        try:
            keys = AreaKeys.model_validate(data.get("areas", {}), context=self.names)
        except ValidationError:
            keys = AreaKeys()
        return PackCity.model_construct(
            names={},
            languages=list(self.names.languages),
            zone=self.names.zone,
            calendar="",
            crs=crs if (crs := data.get("crs")) in ("gcj02", "bd09") else "wgs84",
            areas=keys,
        )


def _zone_or_utc(zone: object) -> str:
    """The city's zone for calendars that name none; a wrong one is told once, not again for each calendar."""
    try:
        return check_zone(zone) if isinstance(zone, str) and zone else "UTC"
    except ValueError:
        return "UTC"


def _note_twice(file: TomlFile, table: str, key: str) -> None:
    """Every short name is given once."""
    given = [str(one.get(key, "")) for one in file.tables(table)]
    for name in {one for one in given if one and given.count(one) > 1}:
        file.note((table, given.index(name), key), _("“%(name)s” is given twice.", name=name))


def _note_circles(file: TomlFile) -> None:
    """No department is above itself."""
    parents = {str(one.get("slug")): str(one.get("parent", "")) for one in file.tables("department")}
    for index, slug in enumerate(parents):
        path, above = [slug], parents[slug]
        while above in parents and above not in path:
            path.append(above)
            above = parents[above]
        if above == slug:
            circle = " → ".join([*path, slug])
            file.note(("department", index, "parent"), _("The parents form a circle: %(path)s.", path=circle))


def _questions(categories: Sequence[PackCategory]) -> dict[str, list[tuple[str, frozenset[str]]]]:
    by_code: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for question in (question for category in categories for question in category.questions):
        options = frozenset(option.code for option in question.options)
        by_code.setdefault(question.code, []).append((question.kind, options))
    return by_code


def _parents_first(departments: Sequence[PackDepartment]) -> tuple[PackDepartment, ...]:
    """In the order of the file, but none before its parent."""
    left, ordered = list(departments), dict[str, PackDepartment]()
    while left:
        ready = next(one for one in left if not one.parent or one.parent in ordered)
        ordered[ready.slug] = ready
        left.remove(ready)
    return tuple(ordered.values())


def _converted(service: PackService, convert: Convert) -> PackService:
    """The service with its place in WGS-84."""
    if service.place is None:
        return service
    lat, lon = convert(service.place.lat, service.place.lon)
    return service.model_copy(update={"place": PackPosition(lat=lat, lon=lon)})


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of the pack's files."""
    total = hashlib.sha256()
    for name in (*REQUIRED, *OPTIONAL):
        path = folder / name
        content = path.read_bytes() if path.exists() else b""
        total.update(f"{name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()
