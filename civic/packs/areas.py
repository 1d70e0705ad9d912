"""Reading areas.geojson: the tree of areas in WGS-84, with every polygon valid and inside of its parent."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon

from civic.i18n import gettext as _
from civic.packs.contents import PackArea
from civic.packs.fields import Names, slug_error
from civic.packs.files import read_text
from civic.packs.locations import find_crs_problem
from civic.packs.polygons import find_overlaps, join_polygons, outside_share, read_polygon, to_wgs84
from civic.packs.problems import Problems
from civic.packs.schemas import AreaKeys, PackCity
from civic.suggestions import did_you_mean, unknown_name
from civic.text import CONTROL_CHARACTERS, SLUG, is_seen, make_slug

FILE_NAME = "areas.geojson"
MAX_LEVELS = 8
COLLECT = """jq -s '{type: "FeatureCollection", features: .}' areas.geojson"""


def is_feature(line: str) -> bool:
    """Whether a line of a file is a GeoJSON feature by itself."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return False
    return isinstance(found, dict) and found.get("type") == "Feature"


@dataclass
class AreaFeature:
    """A GeoJSON feature that is becoming an area."""

    index: int
    line: int
    slug: str
    parent: str
    names: Names
    geometry: MultiPolygon | None
    children: list["AreaFeature"] = field(default_factory=list)


class AreaReader:
    """Reads the file and notes what is wrong with each feature."""

    def __init__(self, city: PackCity, problems: Problems) -> None:
        self.city, self.keys, self.problems = city, city.areas, problems

    def note(self, feature: AreaFeature, message: str) -> None:
        name = feature.slug or next(iter(feature.names.values()), "")
        where = _("feature %(n)s", n=feature.index + 1) + (f" ({name})" if name else "")
        self.problems.add(FILE_NAME, message, where=where, line=feature.line)

    def read(self, path: Path) -> list[AreaFeature]:
        text = read_text(path, self.problems)
        if text is None:
            return []
        try:
            collection = json.loads(text)
        except json.JSONDecodeError as error:
            message = _("This is not valid JSON: %(error)s", error=error.msg)
            if is_feature(text.partition("\n")[0]):
                message = _(
                    "This is one GeoJSON feature on each line. Make one FeatureCollection of it: %(command)s",
                    command=COLLECT,
                )
            self.problems.add(FILE_NAME, message, line=error.lineno, unreadable=True)
            return []
        features = collection.get("features") if isinstance(collection, dict) else None
        if not isinstance(features, list) or collection.get("type") != "FeatureCollection":
            self.problems.add(FILE_NAME, _("This has to be a GeoJSON FeatureCollection."), line=1)
            return []
        if wrong := find_crs_problem(collection):
            self.problems.add(FILE_NAME, wrong, where="crs", line=1)
            return []
        if not features:
            self.problems.add(FILE_NAME, _("There is no feature here; a city needs at least one area."), line=1)
        lines = feature_lines(text, len(features))
        return [self._feature(index, lines[index], one) for index, one in enumerate(features)]

    def _feature(self, index: int, line: int, data: Any) -> AreaFeature:
        properties = data.get("properties") if isinstance(data, dict) else None
        properties = properties if isinstance(properties, dict) else {}
        feature = AreaFeature(index, line, "", "", {}, None)
        feature.slug = id_to_slug(self._id(properties, data))
        feature.names = self._names(properties)
        feature.parent = id_to_slug(get_property(properties, self.keys.parent))
        if not feature.slug:
            self.note(feature, _("The property “%(name)s” is missing.", name=self.keys.id))
        elif not SLUG.fullmatch(feature.slug):
            self.note(feature, slug_error(feature.slug))
        for problem in self._name_problems(feature.names):
            self.note(feature, problem)
        feature.geometry = self._geometry(feature, data)
        return feature

    def _id(self, properties: dict[str, object], data: Any) -> Any:
        given = get_property(properties, self.keys.id)
        return data.get("id") if given is None and isinstance(data, dict) else given

    def _names(self, properties: dict[str, object]) -> Names:
        if not isinstance(self.keys.name, str):
            by_language = {language: get_property(properties, key) for language, key in self.keys.name.items()}
            return {language: str(name).strip() for language, name in by_language.items() if name}
        name = get_property(properties, self.keys.name)
        if name is None and self.keys.name == AreaKeys().name:
            name = properties.get("name")
        if isinstance(name, dict):
            return {str(language): str(text).strip() for language, text in name.items()}
        # A proper name is the same in every language.
        return dict.fromkeys(self.city.languages, str(name).strip()) if name else {}

    def _name_problems(self, names: Names) -> Iterator[str]:
        if missing := [one for one in self.city.languages if not is_seen(names.get(one, ""))]:
            yield _("The name is missing in: %(languages)s.", languages=", ".join(missing))
        if any(CONTROL_CHARACTERS.search(name) for name in names.values()):
            yield _("This contains a control character.")
        for language in names:
            if self.city.languages and language not in self.city.languages:
                message = _("%(language)s is not a language of the city.", language=language)
                yield message + did_you_mean(language, self.city.languages)

    def _geometry(self, feature: AreaFeature, data: Any) -> MultiPolygon | None:
        geometry = data.get("geometry") if isinstance(data, dict) else None
        if geometry is None:
            return None  # allowed where areas below give the outline
        shape, wrong = read_polygon(geometry, repair=self.keys.repair)
        for problem in wrong:
            self.note(feature, problem)
        # An empty shape marks a broken polygon, so that it is not reported as missing as well.
        return to_wgs84(shape, self.city.crs) if shape is not None else MultiPolygon()


def read_areas(path: Path, city: PackCity, problems: Problems) -> list[PackArea]:
    """Read all areas: the city's own first, parents before children. Empty if the tree is wrong."""
    reader = AreaReader(city, problems)
    before = len(problems.found)
    features = reader.read(path)
    if not features:
        return []
    root = _build_tree(reader, features)
    if root is None:
        return []
    _fill_outline(reader, root)
    if len(problems.found) > before:
        return _list_areas(root, None, 0)  # other files may still refer to these
    _check_geometry(reader, root)
    return _list_areas(root, None, 0)


def _build_tree(reader: AreaReader, features: list[AreaFeature]) -> AreaFeature | None:
    """Put every feature under its parent; return the root, or None if they form no tree."""
    by_slug = {one.slug: one for one in features if one.slug}
    for slug, n in Counter(one.slug for one in features if one.slug).items():
        if n > 1:
            reader.note(by_slug[slug], _("“%(name)s” is given twice.", name=slug))
    top = []
    for one in features:
        if not one.parent or (one.parent == reader.keys.root and one.parent not in by_slug):
            top.append(one)
        elif one.parent in by_slug:
            by_slug[one.parent].children.append(one)
        else:
            reader.note(one, _("Its parent is not here.") + " " + unknown_name(one.parent, by_slug))
    if _note_circles(reader, features, by_slug):
        return None
    if len(top) == 1 and (top[0].children or len(features) == 1):
        return top[0]
    return AreaFeature(-1, 1, reader.keys.root, "", reader.city.names, None, top) if top else None


def _note_circles(reader: AreaReader, features: list[AreaFeature], by_slug: dict[str, AreaFeature]) -> bool:
    has_circle = False
    for one in features:
        seen, above = [one.slug], by_slug.get(one.parent)
        while above is not None and above.slug not in seen:
            seen.append(above.slug)
            above = by_slug.get(above.parent)
        if above is one:
            reader.note(one, _("The parents form a circle: %(path)s.", path=" → ".join([*seen, one.slug])))
            has_circle = True
        elif len(seen) > MAX_LEVELS:
            reader.note(one, _("The tree is deeper than %(n)s levels.", n=MAX_LEVELS))
    return has_circle


def _fill_outline(reader: AreaReader, feature: AreaFeature) -> MultiPolygon | None:
    """The feature's polygon, else the union of those below it."""
    below = [outline for child in feature.children if (outline := _fill_outline(reader, child)) is not None]
    if feature.geometry is None:
        if not below:
            reader.note(feature, _("There is no polygon here, and none below it."))
        feature.geometry = join_polygons([one for one in below if not one.is_empty]) if any(below) else MultiPolygon()
    return feature.geometry


def _check_geometry(reader: AreaReader, feature: AreaFeature) -> None:
    """Check that siblings do not overlap and that children lie in their parent."""
    children = feature.children
    for first, second, share in find_overlaps([child.geometry for child in children if child.geometry]):
        message = _(
            "It overlaps “%(other)s”: %(share)s %% of the smaller one.",
            other=children[first].slug,
            share=f"{share * 100:.1f}",
        )
        reader.note(children[second], message)
    for child in children:
        assert child.geometry is not None
        assert feature.geometry is not None
        if share := outside_share(child.geometry, feature.geometry):
            message = _(
                "%(share)s %% of it lies outside its parent “%(parent)s”.",
                share=f"{share * 100:.1f}",
                parent=feature.slug,
            )
            reader.note(child, message)
        _check_geometry(reader, child)


def _list_areas(feature: AreaFeature, parent: str | None, level: int) -> list[PackArea]:
    """The areas level by level, so that parents come before children."""
    areas: list[PackArea] = []
    queue = [(feature, parent, level)]
    while queue:
        one, above, depth = queue.pop(0)
        areas.append(PackArea(one.slug, above, depth, one.names, one.geometry or MultiPolygon()))
        queue.extend((child, one.slug, depth + 1) for child in one.children)
    return areas


def get_property(properties: dict[str, object], key: str) -> Any:
    """The property with this key; `parent.adcode` looks into an object. None if there is none."""
    value: Any = properties
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def id_to_slug(value: Any) -> str:
    """The short name for an id: `Jamaica Plain` becomes `jamaica-plain`, 140902 becomes `140902`."""
    if value is None or isinstance(value, bool | dict | list | float):
        return "" if not isinstance(value, float) or value != int(value) else str(int(value))
    text = str(value).strip()
    # A text that is not ASCII would become a digest, which no other file of the pack could refer to.
    return make_slug(text) if text and text.isascii() and not SLUG.fullmatch(text) else text.lower()


def feature_lines(text: str, n: int) -> list[int]:
    """The line on which each of the `n` features begins; 1 for all if the text does not show it."""
    start = re.search(r'"features"\s*:\s*\[', text)
    lines: list[int] = []
    if start is None:
        return [1] * n
    decoder, at, line, counted = json.JSONDecoder(), start.end(), 1, 0
    while len(lines) < n:
        begin = re.compile(r"[\s,]*").match(text, at)
        assert begin is not None
        line, counted = line + text.count("\n", counted, begin.end()), begin.end()
        lines.append(line)
        try:
            _value, at = decoder.raw_decode(text, begin.end())
        except json.JSONDecodeError:  # this "features" is not the collection's
            return [1] * n
    return lines
