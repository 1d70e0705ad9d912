"""The filter `near` of an address: `lat,lon,metres`, or the name of a place."""

from civic.config import GeocoderConfig
from civic.geo import queries
from civic.geo.positions import parse_degrees
from civic.numbers import fold_digits, parse_number

MAX_RADIUS_METRES, DEFAULT_RADIUS_METRES = 20_000, 1000
Near = tuple[float, float, int]  # lat, lon, metres


def parse_near(text: str) -> Near | None:
    """Parse `lat,lon` or `lat,lon,metres` (default: 1,000 metres), with `;` where commas stand before the decimals.

    None for anything else.
    """
    parts = fold_digits(text).split(";" if ";" in text else ",")
    if len(parts) not in (2, 3):
        return None
    try:
        lat, lon = parse_degrees(parts[0], 90), parse_degrees(parts[1], 180)
        metres = parse_number(parts[2]) if len(parts) > 2 else DEFAULT_RADIUS_METRES
    except ValueError:
        return None
    return lat, lon, round(max(10, min(metres, MAX_RADIUS_METRES)))


def format_near(near: Near) -> str:
    """Write it as `parse_near` reads it, the position to about a metre."""
    lat, lon, metres = near
    return f"{lat:.5f},{lon:.5f},{metres}"


async def find_near(text: str, settings: GeocoderConfig | None = None) -> Near | None:
    """Parse `lat,lon,metres`, else look for the place or position that the text names; None if it is unknown."""
    if near := parse_near(text):
        return near
    hits = await queries.geocode(text, settings, limit=1) if text.strip() else []
    return (hits[0].lat, hits[0].lon, DEFAULT_RADIUS_METRES) if hits else None
