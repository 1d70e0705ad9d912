"""Whether the positions of a pack lie where they can: near its time zone's place, in or around its areas."""

import re
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from civic import timing
from civic.geo.distance import measure_metres
from civic.i18n import gettext as _

Box = tuple[float, float, float, float]  # west, south, east, north

ZONE_TABLE = "zoneinfo/zone.tab"  # of the package tzdata: country, place, zone
ZONE_PLACE = re.compile(r"([+-]\d{4,6})([+-]\d{5,7})")
MAX_ZONE_METRES = 7_000_000  # the widest zone reaches 5,000 km from the town that it is named after
SWAPPED_METRES = 1_500_000  # so much nearer to it makes exchanged coordinates certain
MIN_MARGIN_DEGREES = 0.5  # around a city's box: some fifty kilometres
# Coordinate systems whose degrees are those of WGS-84 to a metre or two.
WGS84_NAMES = re.compile(r"(CRS84|EPSG:{1,2}(4326|4258|4269|4490|4979|7844)|WGS ?84)$", re.IGNORECASE)


def find_zone_problem(zone: str, lat: float, lon: float) -> str:
    """What is wrong with a city there in this zone; "" if nothing, or if nobody knows where the zone is."""
    place = _zone_places().get(zone)
    if place is None:
        return ""
    metres = measure_metres(lat, lon, *place)
    if abs(lon) <= 90 and metres - measure_metres(lon, lat, *place) > SWAPPED_METRES:
        return _(
            "Latitude and longitude look swapped: %(where)s, in %(zone)s.",
            where=_name(lat, lon),
            zone=zone,
        )
    if metres > MAX_ZONE_METRES:
        return _(
            "%(where)s is %(km)s km from %(zone)s: is the time zone right, and are these the city's areas?",
            where=_name(lat, lon),
            km=round(metres / 1000),
            zone=zone,
        )
    return ""


def find_box_problem(box: Box, lat: float, lon: float) -> str:
    """What is wrong with a position far outside of the city's box; "" within it and around it."""
    west, south, east, north = box
    margin = max(MIN_MARGIN_DEGREES, east - west, north - south)

    def is_around(lat: float, lon: float) -> bool:
        return south - margin <= lat <= north + margin and west - margin <= lon <= east + margin

    if is_around(lat, lon):
        return ""
    if is_around(lon, lat):
        return _("Latitude and longitude look swapped: %(where)s.", where=_name(lat, lon))
    return _("This lies far outside the city: %(where)s.", where=_name(lat, lon))


def find_crs_problem(collection: Any) -> str:
    """What is wrong with the coordinate system that a GeoJSON file names (as before RFC 7946); "" if nothing."""
    crs = collection.get("crs") if isinstance(collection, dict) else None
    if crs is None:
        return ""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else crs
    if isinstance(name, str) and WGS84_NAMES.search(name):
        return ""
    return _("The coordinates are in %(crs)s; a pack needs degrees of WGS-84 (EPSG:4326).", crs=str(name)[:80])


def _name(lat: float, lon: float) -> str:
    return _("latitude %(lat)s, longitude %(lon)s", lat=f"{lat:g}", lon=f"{lon:g}")


def country_zones(country: str = "") -> list[tuple[str, str, float, float]]:
    """The zones of a country (ISO 3166-1), or of all: country, zone, latitude and longitude of its town."""
    return [one for one in _zones() if country in ("", one[0])]


def nearest_zone(zones: list[tuple[str, str, float, float]], lat: float, lon: float) -> str:
    """The zone whose town is the nearest; of those with its hours the first of the country, which is its main one."""
    nearest = min(zones, key=lambda one: measure_metres(lat, lon, *one[2:]))
    same = (one for one in zones if one[0] == nearest[0] and zone_hours(one[1]) == zone_hours(nearest[1]))
    return next(same)[1]


def zone_hours(zone: str) -> tuple[timedelta | None, ...]:
    """How far it is from UTC in January and July of this year: zones that differ by their past alone have the same."""
    year = timing.now().year
    return tuple(datetime(year, month, 15, 12, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))


@cache
def _zone_places() -> dict[str, tuple[float, float]]:
    """The town that each zone is named after, as (lat, lon)."""
    return {zone: (lat, lon) for _country, zone, lat, lon in _zones()}


@cache
def _zones() -> list[tuple[str, str, float, float]]:
    table = resources.files("tzdata").joinpath(ZONE_TABLE).read_text("utf-8")
    found = []
    for line in table.splitlines():
        if not line.startswith("#") and (match := ZONE_PLACE.fullmatch(line.split("\t")[1])):
            country, _place, zone = line.split("\t")[:3]
            found.append((country, zone, _degrees(match[1], 2), _degrees(match[2], 3)))
    return found


def _degrees(text: str, digits: int) -> float:
    """Degrees of "+3114" or "-0023015": degrees (`digits` long), minutes, and perhaps seconds."""
    number, rest = text[1 : 1 + digits], text[1 + digits :].ljust(4, "0")
    value = int(number) + int(rest[:2]) / 60 + int(rest[2:4]) / 3600
    return -value if text[0] == "-" else value
