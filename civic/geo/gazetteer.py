"""Geocoding: names of places to positions, by the pack's places or a provider that geopy supports."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

import structlog
from rapidfuzz.distance import OSA

from civic.config import GeocoderConfig
from civic.errors import SetupError
from civic.geo.coordinates import position_converter
from civic.text import EAST_ASIAN_LETTER, fold

log = structlog.get_logger(__name__)

MAX_RUN = 16  # words, or Chinese characters, of a name that stands in a longer text
MAX_ADDRESS_CHARS = 200  # of an address; the rest is ignored
OTHER_SYSTEMS = {"baidu": "bd09", "baiduv3": "bd09"}  # providers of geopy whose positions are not WGS-84
PROVIDER_TIMEOUT_SECONDS = 4  # how long a provider may take
MIN_SLIP_CHARS, MIN_EAST_ASIAN_SLIP_CHARS = 5, 4  # of a name in which one wrong letter is allowed for
APOSTROPHES = re.compile("['’‘ʼʹ´`′＇\u200c\u200d\u00ad]")
NO_LETTERS = re.compile(r"[^\w]+|_")
WITH_DIGIT = re.compile(r"\S*\d\S*")
# Words of addresses by their short forms. Each stands for all of its line, so that "St" is as much a street as a saint.
SHORT_FORMS = (
    *("road rd", "street st saint sankt sainte ste str strasse", "avenue ave av avda avenida", "lane ln", "square sq"),
    *("boulevard blvd bd blv", "drive dr", "court ct", "place pl plaza plac plz", "park pk", "bridge br brg"),
    *("highway hwy", "crescent cres cr", "terrace ter tce", "mount mt", "mountain mtn", "station stn sta"),
    *("north n", "south s", "east e", "west w", "market mkt", "centre center ctr", "gardens gdns", "grove gr"),
    *("close cl", "parkway pkwy", "expressway expy", "circle cir", "school sch", "hospital hosp", "building bldg"),
    *("platz pl", "weg wg", "utca u", "korut krt", "ulica ul", "calle c", "rue r", "via v"),
)
CANONICAL = {word: line.split()[1] if len(line.split()) > 1 else word for line in SHORT_FORMS for word in line.split()}
GERMAN_STREET = re.compile(r"(?<=\w{3})strasse$")


class Fit(IntEnum):
    """How a name fits what was typed; more is better."""

    NONE = 0
    PART = 1  # what was typed is a part of a word of it
    SLIP = 2  # but for one letter
    WORDS = 3  # what was typed is some of its words
    INSIDE = 4  # it stands in what was typed, in whole words
    SAME = 5


class PlaceKind(StrEnum):
    """What a place is; those of an extract are streets, parts of the city and others."""

    PACK = "pack"
    STREET = "street"
    DISTRICT = "district"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NamedPosition:
    """A named position in WGS-84. `metres`: its distance from the point of a reverse query.

    `sure`: the text of the query means this place and no other; else somebody has to choose. `matched`: its folded name
    that fits the text; `rival`: no name that fits as well has this one as a part.
    """

    names: dict[str, str]
    lat: float
    lon: float
    metres: float | None = None
    sure: bool = False
    fit: Fit = Fit.SAME
    kind: str = PlaceKind.PACK
    id: int = 0  # of the place; 0 for what is none
    matched: str = ""
    rival: bool = False


def fold_name(text: str) -> tuple[str, ...]:
    """The words of a name or an address, as they are compared: folded, in their short forms, in the singular."""
    bare = NO_LETTERS.sub(" ", APOSTROPHES.sub("", fold(APOSTROPHES.sub("", text))))
    return tuple(_fold_word(word) for word in bare.split())


def _fold_word(word: str) -> str:
    if len(word) > 3 and word.isascii() and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return CANONICAL.get(word, GERMAN_STREET.sub("str", word))


def compact(text: str) -> str:
    """A name in one word: how names are looked up."""
    return "".join(fold_name(text))


def folded_names(names: Mapping[str, str]) -> list[str]:
    """The names by which a place is looked up, each once."""
    return list(filter(None, dict.fromkeys(compact(name) for name in names.values())))


def name_runs(text: str) -> list[str]:
    """Every run of whole words in a text, each of which may be a name; of Chinese, every run of characters."""
    atoms = [one for word in fold_name(text) for one in (word if _is_east_asian(word) else [word])]
    runs = ("".join(atoms[at : at + count]) for at in range(len(atoms)) for count in range(1, MAX_RUN + 1))
    return [one for one in dict.fromkeys(runs) if len(one) >= 2]


def fit(typed: Sequence[str], name: Sequence[str]) -> Fit:
    """How a place's name fits what was typed; both are words of `fold_name`."""
    wanted, known = "".join(typed), "".join(name)
    if not wanted or not known:
        return Fit.NONE
    if wanted == known:
        return Fit.SAME
    if len(known) >= 2 and _has_words(typed, wanted, known):
        return Fit.INSIDE
    if _has_words(name, known, wanted):
        return Fit.WORDS
    if wanted in known and (len(wanted) > 1 or _is_east_asian(wanted)):
        return Fit.PART
    return Fit.SLIP if is_slip(drop_numbers(typed), known) else Fit.NONE


def drop_numbers(words: Sequence[str]) -> tuple[str, ...]:
    """The words without house numbers."""
    return tuple(word for word in words if not WITH_DIGIT.fullmatch(word)) or tuple(words)


def is_slip(typed: Sequence[str], known: str) -> bool:
    """Whether what was typed is the name but for one letter, or two exchanged; `typed` has no house number."""
    least = MIN_EAST_ASIAN_SLIP_CHARS if _is_east_asian(known) else MIN_SLIP_CHARS
    return len(known) >= least and OSA.distance("".join(typed), known, score_cutoff=1) <= 1


def _has_words(words: Sequence[str], whole: str, part: str) -> bool:
    """Whether `part` stands in the words, from the beginning of one to the end of one. Chinese writes none apart."""
    if part not in whole:
        return False
    if _is_east_asian(part):
        return len(part) >= 2
    starts, at = {0}, 0
    for word in words:
        at += len(word)
        starts.add(at)
    found = whole.find(part)
    while found >= 0:
        if found in starts and found + len(part) in starts:
            return True
        found = whole.find(part, found + 1)
    return False


def _is_east_asian(text: str) -> bool:
    return EAST_ASIAN_LETTER.search(text) is not None


def rank_places(text: str, places: Iterable[NamedPosition], limit: int) -> list[NamedPosition]:
    """The places that fit what was typed, best first. One is sure if it alone fits best, and in whole words."""
    typed = fold_name(text[:MAX_ADDRESS_CHARS])
    ranked: list[tuple[Fit, str, NamedPosition]] = []
    for place in places:
        fits = [(fit(typed, words), words) for words in map(fold_name, place.names.values())]
        best, words = max(fits, key=lambda one: (one[0], len("".join(one[1]))), default=(Fit.NONE, ()))
        if best:
            ranked.append((best, "".join(words), place))
    ranked.sort(key=lambda one: (-one[0], -len(one[1]) if one[0] is Fit.INSIDE else len(one[1])))
    best = ranked[0][0] if ranked else Fit.NONE
    rivals = _without_contained([one for one in ranked if one[0] is best])
    sure = len(rivals) == 1 and best > Fit.PART
    ordered = [*rivals, *(one for one in ranked if one not in rivals)][:limit]
    ids = {id(place) for _fit, _name, place in rivals}
    return [
        replace(place, fit=how, matched=name, rival=id(place) in ids, sure=sure and place is rivals[0][2])
        for how, name, place in ordered
    ]


def _without_contained(ranked: list[tuple[Fit, str, NamedPosition]]) -> list[tuple[Fit, str, NamedPosition]]:
    """Of names that stand in what was typed, those that are not a part of another one: "Stone Bridge Road" alone, not
    "Stone Bridge" too."""
    if not ranked or ranked[0][0] is not Fit.INSIDE:
        return ranked
    return [one for one in ranked if not any(one[1] != other[1] and one[1] in other[1] for other in ranked)]


def geocode_function(settings: GeocoderConfig) -> Callable[..., Any]:
    """The geocode function of geopy's provider. Raises SetupError for an unknown provider or wrong options."""
    return _provider(settings.provider, tuple(sorted(settings.options.items())))


@lru_cache(maxsize=4)
def _provider(name: str, options: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    from geopy.exc import GeopyError  # here, as most cities use no provider, and no command does
    from geopy.geocoders import get_geocoder_for_service

    try:
        geocode: Callable[..., Any] = get_geocoder_for_service(name)(
            **dict(options), timeout=PROVIDER_TIMEOUT_SECONDS
        ).geocode
    except (GeopyError, TypeError) as error:
        raise SetupError(f"geocoder.provider {name!r}: {error}") from error
    return geocode


async def search_provider(text: str, settings: GeocoderConfig, language: str, limit: int) -> list[NamedPosition]:
    """Ask a provider; no answers, and a line in the log, if it fails or is late."""
    from geopy.exc import GeopyError

    geocode = geocode_function(settings)
    try:
        async with asyncio.timeout(PROVIDER_TIMEOUT_SECONDS + 1):
            answers = await asyncio.to_thread(geocode, text[:MAX_ADDRESS_CHARS], exactly_one=False)
    except (GeopyError, TimeoutError, OSError, ValueError) as error:
        log.warning("geocoder_failed", provider=settings.provider, error=type(error).__name__)
        return []
    convert = position_converter(settings.crs or OTHER_SYSTEMS.get(settings.provider, "wgs84"))
    return [
        NamedPosition({language: answer.address}, *convert(answer.latitude, answer.longitude))
        for answer in (answers or [])[:limit]
    ]
