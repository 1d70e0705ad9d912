"""Geocoding: names of places to positions and back, by the pack's places or a provider that geopy supports."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from geopy.exc import GeopyError
from geopy.geocoders import get_geocoder_for_service

from civic import db
from civic.config import GeocoderConfig
from civic.errors import SetupError
from civic.geo.distance import bounding_box
from civic.text import fold

log = structlog.get_logger(__name__)

MAX_ADDRESS_CHARS = 200  # of an address; the rest is ignored
PROVIDER_TIMEOUT_SECONDS = 4  # how long a provider may take


@dataclass(frozen=True, slots=True)
class NamedPosition:
    """A named position in WGS-84. `metres`: its distance from the point of a reverse query."""

    names: dict[str, str]
    lat: float
    lon: float
    metres: float | None = None


def place_key(names: dict[str, str]) -> str:
    """Make Place.key: every name folded, one on each line."""
    return "\n".join(dict.fromkeys(_fold_words(name) for name in names.values()))


def _fold_words(text: str) -> str:
    """The text folded, its words apart by one space: how names are compared."""
    return " ".join(fold(text).split())


# A place matches if what was typed is part of one of its names, or one of its names is part of what was typed
# ("人民路12号" finds 人民路). Best: the same, then a beginning, then the longest name found inside.
SEARCH = r"""
SELECT p.names, p.lat, p.lon
FROM place p, LATERAL (
    SELECT max(CASE WHEN n = $1 THEN 3000 WHEN starts_with(n, $1) THEN 2000 WHEN strpos(n, $1) > 0 THEN 1000
                    WHEN length(n) >= 2 AND strpos($1, n) > 0 THEN length(n) ELSE -1 END) AS rank,
           min(length(n)) AS shortest
    FROM unnest(string_to_array(p.key, E'\n')) n
) m
WHERE m.rank > 0
ORDER BY m.rank DESC, m.shortest, p.id
LIMIT $2
"""

NEAREST = """
SELECT names, lat, lon, metres_between(lat, lon, $1, $2) AS metres
FROM place WHERE lat BETWEEN $3 AND $4 AND lon BETWEEN $5 AND $6
ORDER BY metres, id LIMIT 1
"""


async def search_pack(text: str, limit: int) -> list[NamedPosition]:
    """Find places of the pack by a part of a name, best first."""
    wanted = _fold_words(text[:MAX_ADDRESS_CHARS])
    if not wanted:
        return []
    return [_named_position(row) for row in await db.fetch(SEARCH, wanted, limit)]


async def find_nearest(lat: float, lon: float, within: float) -> NamedPosition | None:
    """The nearest place of the pack, at most `within` metres away."""
    row = await db.fetch_one(NEAREST, lat, lon, *bounding_box(lat, lon, within))
    return _named_position(row) if row is not None and row["metres"] <= within else None


def _named_position(row: dict[str, Any]) -> NamedPosition:
    # The driver gives jsonb as text where no model reads it.
    return NamedPosition(row["names"], row["lat"], row["lon"], row.get("metres"))


def geocode_function(settings: GeocoderConfig) -> Callable[..., Any]:
    """The geocode function of geopy's provider. Raises SetupError for an unknown provider or wrong options."""
    return _provider(settings.provider, tuple(sorted(settings.options.items())))


@lru_cache(maxsize=4)
def _provider(name: str, options: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    try:
        geocode: Callable[..., Any] = get_geocoder_for_service(name)(
            **dict(options), timeout=PROVIDER_TIMEOUT_SECONDS
        ).geocode
    except (GeopyError, TypeError) as error:
        raise SetupError(f"geocoder.provider {name!r}: {error}") from error
    return geocode


async def search_provider(text: str, settings: GeocoderConfig, language: str, limit: int) -> list[NamedPosition]:
    """Ask a provider; no answers, and a line in the log, if it fails or is late."""
    geocode = geocode_function(settings)
    try:
        async with asyncio.timeout(PROVIDER_TIMEOUT_SECONDS + 1):
            answers = await asyncio.to_thread(geocode, text[:MAX_ADDRESS_CHARS], exactly_one=False)
    except (GeopyError, TimeoutError, OSError, ValueError) as error:
        log.warning("geocoder_failed", provider=settings.provider, error=type(error).__name__)
        return []
    return [
        NamedPosition({language: answer.address}, answer.latitude, answer.longitude)
        for answer in (answers or [])[:limit]
    ]
