"""Geocoding: names of places to positions and back, by the pack's places or a provider that geopy supports."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from geopy.exc import GeopyError
from geopy.geocoders import get_geocoder_for_service

from civic.config import GeocoderConfig
from civic.errors import SetupError
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
    return "\n".join(dict.fromkeys(fold_words(name) for name in names.values()))


def fold_words(text: str) -> str:
    """The text folded, its words apart by one space: how names are compared."""
    return " ".join(fold(text).split())


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
