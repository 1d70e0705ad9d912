"""Reading the layers of the base map: streets.geojson, water.geojson, green.geojson, buildings.geojson."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from civic.geo.coordinates import Convert, keep_position
from civic.geo.features import LOCAL_NAME, Box, MapFeature, Progress
from civic.geo.osm_tags import Kind
from civic.i18n import gettext as _
from civic.packs.contents import PackArea, PackPlace
from civic.packs.geojson import feature_properties, read_features
from civic.packs.locations import find_box_problem
from civic.packs.polygons import position_error
from civic.packs.problems import Problems
from civic.suggestions import unknown_name

LINES, POLYGONS = ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon")
# By the file: the kinds of its features, of which the first is meant where none is given.
LAYERS = {
    "streets.geojson": (
        Kind("roads", "minor_road", min_zoom=12), Kind("roads", "major_road", min_zoom=8), Kind("roads", "highway"),
        Kind("roads", "path", min_zoom=13), Kind("roads", "rail", min_zoom=9),
    ),
    "water.geojson": (Kind("water", "water"), Kind("water", "river"), Kind("water", "stream", min_zoom=12)),
    "green.geojson": (
        Kind("landuse", "park", min_zoom=10), Kind("landuse", "forest"), Kind("landuse", "grass", min_zoom=12),
        Kind("landuse", "farmland", min_zoom=10), Kind("landuse", "cemetery", min_zoom=12),
    ),
    "buildings.geojson": (Kind("buildings", "building", min_zoom=14),),
}  # fmt: skip


@dataclass(frozen=True)
class LayerReader:
    """Reads the layers of a pack: `box` is the city's, in WGS-84; the first of the languages is that of the signs."""

    languages: Sequence[str]
    convert: Convert
    box: Box | None
    problems: Problems

    def read(self, folder: Path) -> Iterator[MapFeature]:
        """Yield the features of all files that there are; what is wrong is noted."""
        for name in LAYERS:
            if (folder / name).exists():
                yield from self._read_file(folder / name)

    def _read_file(self, path: Path) -> Iterator[MapFeature]:
        file = read_features(path, self.problems)
        for number, data in file.numbered():
            try:
                yield from self._feature(path.name, data)
            except ValueError as error:
                file.note(number, str(error))

    def _feature(self, file: str, data: dict[str, object]) -> Iterator[MapFeature]:
        """Raises ValueError that says what is wrong."""
        about = feature_properties(data)
        kind = _find_kind(file, about.get("kind"))
        geometry = self._geometry(data.get("geometry"), LINES if file == "streets.geojson" else (*POLYGONS, *LINES))
        names = self._names(about)
        is_area = geometry.geom_type in POLYGONS
        yield MapFeature(
            kind.layer, kind.kind, geometry, {} if is_area else names, str(about.get("detail") or ""), kind.min_zoom,
            bridge=about.get("bridge") is True, tunnel=about.get("tunnel") is True,
        )  # fmt: skip
        if is_area and names:
            yield MapFeature("pois", kind.kind, geometry.representative_point(), names, min_zoom=12)

    def _geometry(self, data: object, kinds: Collection[str]) -> BaseGeometry:
        try:
            with np.errstate(invalid="ignore"):  # what is no number is refused below
                geometry = shape(data)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.GEOSException):
            raise ValueError(_("The geometry cannot be read.")) from None
        if geometry.geom_type not in kinds:
            allowed = ", ".join(kinds)
            raise ValueError(
                _("The geometry is a %(type)s; it has to be one of %(types)s.", type=geometry.geom_type, types=allowed)
            )
        if geometry.is_empty or not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise ValueError(_("The geometry cannot be read."))
        if self.convert is not keep_position:
            geometry = shapely.transform(
                geometry, lambda points: np.array([self.convert(lat, lon)[::-1] for lon, lat in points]).reshape(-1, 2)
            )
        lon, lat = shapely.get_coordinates(geometry)[0]
        west, south, east, north = geometry.bounds  # a river may end far from the city, but on the earth
        wrong = find_box_problem(self.box, lat, lon) if self.box else ""
        if wrong := wrong or position_error(south, west) or position_error(north, east):
            raise ValueError(wrong)
        return geometry if geometry.is_valid else _mend(geometry)

    def _names(self, about: dict[str, object]) -> dict[str, str]:
        given = about.get("names")
        if not isinstance(given, dict):
            name = str(about.get("name") or "").strip()
            return {LOCAL_NAME: name} if name else {}
        return local_names({str(key): str(text).strip() for key, text in given.items() if text}, self.languages)


def _mend(geometry: BaseGeometry) -> BaseGeometry:
    """What a geometry that crosses itself encloses, or the line that it is. Raises ValueError where that is nothing."""
    kinds = POLYGONS if geometry.geom_type in POLYGONS else LINES
    parts = shapely.get_parts(shapely.make_valid(geometry))
    kept = shapely.union_all([one for one in parts if one.geom_type in kinds])
    if kept.is_empty:
        raise ValueError(_("The geometry encloses nothing."))
    return kept


def _find_kind(file: str, name: object) -> Kind:
    """Raises ValueError."""
    kinds = LAYERS[file]
    found = next((one for one in kinds if name in (None, one.kind)), None)
    if found is None:
        raise ValueError(f"kind: {unknown_name(str(name), [one.kind for one in kinds])}")
    return found


def local_names(names: dict[str, str], languages: Sequence[str]) -> dict[str, str]:
    """Names by language as a feature has them: the one in the city's first language is the local one."""
    local = names.get(languages[0]) or next(iter(names.values()), "")
    others = {language: text for language, text in names.items() if text != local}
    return {LOCAL_NAME: local, **others} if local else {}


@dataclass(frozen=True)
class LayersSource:
    """The layers of a pack as a source of tiles, with the names of its areas and places."""

    layers: Sequence[MapFeature]
    areas: Sequence[PackArea]
    places: Sequence[PackPlace]
    languages: Sequence[str]
    attribution: str = ""

    def read(self, work: Path, on_progress: Progress) -> Iterator[MapFeature]:
        """Yield the features."""
        on_progress(0.0, f"{len(self.layers):,} things of the pack's layers")
        yield from self.layers
        for area in self.areas:
            detail, zoom = {0: ("city", 5), 1: ("district", 10)}.get(area.level, ("neighbourhood", 12))
            kind = "locality" if area.level == 0 else "neighbourhood"
            names = local_names(area.names, self.languages)
            yield MapFeature("places", kind, area.geometry.representative_point(), names, detail, zoom)
        named = {feature.names.get(LOCAL_NAME) for feature in self.layers}
        for place in self.places:
            names = local_names(place.names, self.languages)
            if names.get(LOCAL_NAME) not in named:  # a street has its name on it
                yield MapFeature("pois", "landmark", shapely.Point(place.lon, place.lat), names, min_zoom=14)
