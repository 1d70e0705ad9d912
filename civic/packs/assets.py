"""Reading assets.geojson: numbered things of the city such as lamps and hydrants, each with its kind and its code."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from civic.catalogue.assets import MAX_CODE_CHARS, AssetRow
from civic.geo.coordinates import Convert
from civic.geo.features import Box
from civic.i18n import gettext as _
from civic.packs.fields import check_characters
from civic.packs.geojson import feature_properties, read_features
from civic.packs.locations import find_box_problem
from civic.packs.polygons import position_error
from civic.packs.problems import Problems
from civic.suggestions import unknown_name

FILE_NAME = "assets.geojson"


@dataclass(frozen=True)
class AssetReader:
    """Reads the assets of a pack: `kinds` are those that categories name, `box` is the city's, in WGS-84."""

    kinds: Collection[str]
    convert: Convert
    box: Box | None
    problems: Problems

    def read(self, folder: Path) -> Iterator[AssetRow]:
        """Yield the assets, none if there is no such file; what is wrong is noted."""
        path = folder / FILE_NAME
        if not path.exists():
            return
        file, seen = read_features(path, self.problems), set[tuple[str, str]]()
        for number, feature in file.numbered():
            try:
                one = self._asset(feature)
                if (one.kind, one.code) in seen:
                    raise ValueError(_("“%(name)s” is given twice.", name=f"{one.kind} {one.code}"))
            except ValueError as error:
                file.note(number, str(error))
                continue
            seen.add((one.kind, one.code))
            yield one

    def _asset(self, feature: dict[str, object]) -> AssetRow:
        """Raises ValueError that says what is wrong."""
        about = feature_properties(feature)
        kind, code = (str(about.get(name, "")).strip() for name in ("kind", "code"))
        if kind not in self.kinds:
            raise ValueError(f"kind: {unknown_name(kind, self.kinds)} " + _("A category has to name it in “assets”."))
        if not 0 < len(code) <= MAX_CODE_CHARS:
            raise ValueError(_("The code has to have 1 to %(n)s characters.", n=MAX_CODE_CHARS))
        lat, lon = self.convert(*_read_point(feature.get("geometry")))
        if self.box and (wrong := find_box_problem(self.box, lat, lon)):
            raise ValueError(wrong)
        return AssetRow(kind, check_characters(code), lat, lon)


def _read_point(geometry: object) -> tuple[float, float]:
    """Latitude and longitude. Raises ValueError."""
    data = geometry if isinstance(geometry, dict) else {}
    at = data.get("coordinates")
    if data.get("type") != "Point" or not isinstance(at, list) or len(at) < 2:
        raise ValueError(_("The geometry has to be a Point."))
    lon, lat = at[:2]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (lat, lon))
    if not numbers:
        raise ValueError(_("The geometry has to be a Point."))
    if wrong := position_error(lat, lon):
        raise ValueError(wrong)
    return float(lat), float(lon)
