"""Which feature of the base map the tags of an OpenStreetMap object mean."""

from collections.abc import Mapping
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from civic.geo.features import MapFeature

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """Layer, kind and first zoom of a feature; `named`: whether its name is shown."""

    layer: str
    kind: str
    detail: str = ""
    min_zoom: int = 0
    named: bool = True
    bridge: bool = False
    tunnel: bool = False

    def feature(self, geometry: BaseGeometry, names: Mapping[str, str]) -> MapFeature:
        return MapFeature(
            self.layer, self.kind, geometry, names, self.detail, self.min_zoom, bridge=self.bridge, tunnel=self.tunnel
        )


# By the value of `highway`: kind and first zoom.
ROADS = {
    "motorway": ("highway", 5), "motorway_link": ("highway", 11), "trunk": ("major_road", 6),
    "trunk_link": ("major_road", 11), "primary": ("major_road", 8), "primary_link": ("major_road", 11),
    "secondary": ("major_road", 9), "secondary_link": ("major_road", 12), "tertiary": ("major_road", 11),
    "tertiary_link": ("major_road", 12), "residential": ("minor_road", 12), "unclassified": ("minor_road", 12),
    "living_street": ("minor_road", 12), "road": ("minor_road", 12), "service": ("minor_road", 14),
    "pedestrian": ("path", 12), "footway": ("path", 14), "cycleway": ("path", 13), "path": ("path", 13),
    "track": ("path", 13), "bridleway": ("path", 14), "steps": ("path", 14),
}  # fmt: skip
RAILWAYS = {"rail": 9, "light_rail": 11, "subway": 12, "tram": 13, "narrow_gauge": 12, "monorail": 12, "funicular": 12}
WATERWAYS = {"river": 9, "canal": 11, "stream": 13, "drain": 14, "ditch": 14}
# Of areas: key, values (empty: every one), layer, kind, first zoom; the first that fits counts.
AREAS = (
    ("natural", ("water", "bay", "strait"), "water", "water", 8),
    ("waterway", ("riverbank", "dock", "boatyard"), "water", "water", 9),
    ("landuse", ("reservoir", "basin", "pond"), "water", "water", 11),
    ("leisure", ("swimming_pool",), "water", "swimming_pool", 15),
    ("building", (), "buildings", "building", 14),
    ("aeroway", ("aerodrome", "runway", "apron"), "landuse", "aerodrome", 10),
    ("leisure", ("park", "garden", "nature_reserve", "dog_park", "common"), "landuse", "park", 10),
    ("leisure", ("golf_course", "pitch", "playground", "stadium", "track"), "landuse", "pitch", 14),
    ("landuse", ("forest",), "landuse", "forest", 9),
    ("natural", ("wood",), "landuse", "forest", 9),
    ("landuse", ("grass", "meadow", "village_green", "recreation_ground", "allotments"), "landuse", "grass", 12),
    ("natural", ("grassland", "scrub", "heath", "wetland"), "landuse", "grass", 12),
    ("landuse", ("farmland", "orchard", "vineyard", "farmyard"), "landuse", "farmland", 10),
    ("landuse", ("cemetery",), "landuse", "cemetery", 12),
    ("amenity", ("grave_yard",), "landuse", "cemetery", 12),
    ("natural", ("beach", "sand", "bare_rock"), "landuse", "beach", 12),
    ("landuse", ("industrial", "railway", "port"), "landuse", "industrial", 12),
    ("amenity", ("hospital", "school", "university", "college"), "landuse", "institution", 13),
    ("highway", ("pedestrian", "footway"), "landuse", "pedestrian", 14),
    ("place", ("square",), "landuse", "pedestrian", 14),
    ("man_made", ("pier", "bridge"), "landuse", "pier", 13),
)  # fmt: skip
NAMED_AREAS = {"water", "park", "forest", "cemetery", "aerodrome", "institution", "beach"}
PLACES = {
    "city": ("locality", 5), "town": ("locality", 7), "village": ("locality", 9), "hamlet": ("locality", 12),
    "borough": ("neighbourhood", 10), "suburb": ("neighbourhood", 11), "quarter": ("neighbourhood", 12),
    "neighbourhood": ("neighbourhood", 13), "island": ("neighbourhood", 12), "square": ("neighbourhood", 15),
}  # fmt: skip
NO = ("no", "0", "false")


def classify_line(tags: Tags, *, closed: bool = False) -> Kind | None:
    """What a way is as a line; None for what is no street, rail or water course, or lies in a building."""
    if tags.get("area") == "yes" or tags.get("indoor", "no") not in NO:
        return None
    under = tags.get("tunnel", "no") not in NO or tags.get("covered") == "yes"
    over = tags.get("bridge", "no") not in NO
    road = ROADS.get(tags.get("highway", ""))
    if road:
        if closed and tags.get("highway") == "pedestrian":
            return None  # a square, which is drawn as an area
        kind, zoom = road
        detail = tags["highway"].removesuffix("_link")
        # Beside most streets of a well-mapped city run nameless footways: they would hide what they run along.
        named = not (detail == "footway" and tags.get("footway") in ("sidewalk", "crossing"))
        return Kind("roads", kind, detail, zoom if named else 15, named, over, under)
    rail = tags.get("railway", "")
    if rail in RAILWAYS:
        zoom = 13 if tags.get("service") else RAILWAYS[rail]
        return Kind("roads", "rail", rail, zoom, named=False, bridge=over, tunnel=under or rail == "subway")
    water = tags.get("waterway", "")
    if water in WATERWAYS and not under:
        return Kind("water", "river" if water in ("river", "canal") else "stream", water, WATERWAYS[water])
    return None


def classify_area(tags: Tags) -> Kind | None:
    """What a closed way or a multipolygon is."""
    if tags.get("tunnel", "no") not in NO or tags.get("location") == "underground":
        return None
    for key, values, layer, kind, zoom in AREAS:
        value = tags.get(key, "no")
        if value not in NO and (not values or value in values):
            return Kind(layer, kind, value if layer != "buildings" else "", zoom, named=kind in NAMED_AREAS)
    return None


def classify_point(tags: Tags) -> Kind | None:
    """What a node is: a place with a name, or a station."""
    if (place := PLACES.get(tags.get("place", ""))) and tags.get("name"):
        kind, zoom = place
        return Kind("places", kind, tags["place"], zoom)
    if tags.get("railway") in ("station", "halt") and tags.get("name"):
        return Kind("pois", "station", tags.get("station", ""), 13)
    return None
