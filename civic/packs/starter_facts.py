"""What a new pack needs to know of its city, found out from an extract: name, country, zone, languages, areas."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import shapely
from babel.languages import get_official_languages
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from civic.errors import SetupError
from civic.geo.osm_survey import Boundary, Survey
from civic.i18n import gettext as _
from civic.packs.fields import is_language
from civic.packs.locations import country_zones, nearest_zone, zone_hours
from civic.sla.public_holidays import check_country
from civic.suggestions import did_you_mean
from civic.text import fold, make_slug

ENGLISH = "en"  # the language of the program's own pages that most readers share; always one of a new pack's
CITY_LEVELS = range(4, 10)  # of boundaries that may be a city's
MIN_DISTRICTS = 2
LATIN = re.compile("[a-z]")
MIN_NAMED_SHARE = 0.05  # of the named streets, for an official language beside the first
SMALL_SHARE = 1e-4  # of the city's area: slivers are no districts
# The number for emergencies, by country; of the others the pack says to write it in.
SHARE_112 = "AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IN IS IT LT LU LV MT NL NO PL PT RO SE SI SK TR UA ZA"
EMERGENCY = {
    **dict.fromkeys(SHARE_112.split(" "), "112"),
    **{"US": "911", "CA": "911", "MX": "911", "CN": "110", "GB": "999", "JP": "119", "AU": "000", "NZ": "111"},
    **{"BR": "190", "KR": "119"},
}


@dataclass(frozen=True)
class StarterArea:
    """An area of a new pack; `parent` is None for the city's own."""

    slug: str
    parent: str | None
    names: dict[str, str]
    geometry: BaseGeometry


@dataclass(frozen=True)
class CityFacts:
    """`country`: ISO 3166-1, "" where it is not known; `notes`: what somebody should know of how all this was found."""

    names: dict[str, str]
    country: str
    zone: str
    languages: list[str]
    areas: list[StarterArea]
    notes: list[str]
    has_holidays: bool

    @property
    def emergency_phone(self) -> str:
        return EMERGENCY.get(self.country, "")


def find_facts(survey: Survey, country: str, name: str) -> CityFacts:
    """Find out what a pack needs; `country` and `name` are what somebody said, or "".

    Raises SetupError for wrong ones, and where the extract does not say enough.
    """
    notes = list[str]()
    lat, lon = (survey.box[1] + survey.box[3]) / 2, (survey.box[0] + survey.box[2]) / 2
    code = country.upper() or _find_country(survey, lat, lon, notes)
    zones = country_zones(code)
    if not zones:
        raise SetupError(_("There is no country “%(code)s”: give its two letters, such as FI.", code=code))
    if len({zone_hours(zone) for _country, zone, *_at in zones}) > 1:
        notes.append(f"Time zone: {code} has several, and this is the one whose town is nearest. Check it.")
    languages = _find_languages(survey, code)
    city = _find_city(survey, name)
    names = _find_names(survey, city, name, languages)
    areas = _find_areas(survey, city, names, languages, notes)
    return CityFacts(names, code, nearest_zone(zones, lat, lon), languages, areas, notes, _has_holidays(code))


def _find_country(survey: Survey, lat: float, lon: float, notes: list[str]) -> str:
    of_boundaries = [one.country for one in survey.boundaries if one.level == 2 and one.country]
    if len(set(of_boundaries)) == 1:
        return of_boundaries[0]
    if survey.countries:
        return survey.countries.most_common(1)[0][0]
    zones = country_zones()
    code = next(code for code, zone, *_at in zones if zone == nearest_zone(zones, lat, lon))
    notes.append(f"Country: {code}, as its time zone is the nearest; the extract does not say it. Else: --country.")
    return code


def _find_languages(survey: Survey, country: str) -> list[str]:
    """The official ones in which streets have names, the first of them always; and English."""
    official = [one for one in get_official_languages(country, de_facto=True) if is_language(one)]
    used = [one for one in official[1:] if survey.languages[one] >= MIN_NAMED_SHARE * survey.streets]
    return list(dict.fromkeys([*official[:1], *used, ENGLISH]))


def _has_holidays(country: str) -> bool:
    try:
        check_country(country, "")
    except ValueError:
        return False
    return True


def _find_city(survey: Survey, name: str) -> Boundary | None:
    """The boundary of the city: of the name, else of the largest place, else the one that holds most of the box."""
    known = [one for one in survey.boundaries if one.level in CITY_LEVELS]
    if name:
        found = [one for one in known if name.casefold() in (text.casefold() for text in one.names.values())]
        places = [names for *_rank, names in survey.places if name in names.values()]
        if not found and not places:
            there = {one.names[""] for one in known} | {names[""] for *_rank, names in survey.places}
            raise SetupError(_("The extract has no city “%(name)s”.", name=name) + did_you_mean(name, sorted(there)))
        return max(found, key=lambda one: one.level, default=None)
    for _rank, _population, names in sorted(survey.places, key=lambda one: one[:2], reverse=True):
        if found := [one for one in known if one.names[""] == names[""]]:
            return max(found, key=lambda one: one.level)
    closed = [one for one in known if one.geometry is not None]
    if survey.places or not closed:
        return None
    return max(closed, key=lambda one: (round(one.geometry.area, 9) if one.geometry else 0, one.level))


def _find_names(survey: Survey, city: Boundary | None, name: str, languages: Sequence[str]) -> dict[str, str]:
    if city is not None:
        return in_languages(city.names, languages)
    places = sorted(survey.places, key=lambda one: one[:2], reverse=True)
    found = [names for *_rank, names in places if not name or name in names.values()]
    if not found:
        raise SetupError(_("The extract does not say what the city is called: give its name with --name."))
    return in_languages(found[0], languages)


def in_languages(names: dict[str, str], languages: Sequence[str]) -> dict[str, str]:
    """A name for each language, the local one where there is no other."""
    written = {"zh": ("zh-Hans", "zh", "zh-Hant")}
    return {
        one: next((names[key] for key in written.get(one, (one,)) if names.get(key)), names[""]) for one in languages
    }


def _find_areas(
    survey: Survey, city: Boundary | None, names: dict[str, str], languages: Sequence[str], notes: list[str]
) -> list[StarterArea]:
    outline = _outline(survey, city, notes)
    root = StarterArea(_slug(names, city.id if city else 0), None, names, outline)
    areas = [root]
    levels = sorted({one.level for one in survey.boundaries if one.level > (city.level if city else 8)})
    for level in levels:
        found = list(_districts(survey, level, root, areas, languages))
        if len(found) >= MIN_DISTRICTS:
            areas += found
            _note_open(survey, level, notes)
            break
    else:
        notes.append("Areas: the extract has no boundaries of districts, so the city is one area.")
    return areas


def _outline(survey: Survey, city: Boundary | None, notes: list[str]) -> BaseGeometry:
    frame = box(*survey.box)
    if city is not None and city.geometry is not None:
        if not city.whole:
            notes.append(
                f"Areas: the border of {city.names['']} is not whole in the extract; it ends at the extract's box."
            )
        return as_polygons(city.geometry)
    notes.append("Areas: the extract does not have the border of the city, so the city is the extract's box.")
    return frame


def _note_open(survey: Survey, level: int, notes: list[str]) -> None:
    at_level = [one for one in survey.boundaries if one.level == level]
    closed = [one.names[""] for one in at_level if not one.whole and one.geometry is not None]
    left_out = [one.names[""] for one in at_level if one.geometry is None]
    if closed:
        notes.append(
            f"Areas: closed at the extract's box, as a part of their border lies outside: {', '.join(closed)}."
        )
    if left_out:
        notes.append(f"Areas: left out, as the extract does not have enough of their border: {', '.join(left_out)}.")


def _districts(
    survey: Survey, level: int, root: StarterArea, areas: Sequence[StarterArea], languages: Sequence[str]
) -> Iterator[StarterArea]:
    taken = {one.slug for one in areas}
    for one in survey.boundaries:
        if one.level != level or one.geometry is None:
            continue
        part = as_polygons(one.geometry.intersection(root.geometry))
        if part.area < SMALL_SHARE * root.geometry.area:
            continue
        names = in_languages(one.names, languages)
        slug = _slug(names, one.id)
        slug = f"{slug}-{one.id}" if slug in taken else slug
        taken.add(slug)
        yield StarterArea(slug, root.slug, names, part)


def _slug(names: dict[str, str], number: int) -> str:
    """Of a name in Latin letters, else the number of the boundary: a digest would say nothing."""
    latin = (name for name in (names[ENGLISH], *names.values()) if LATIN.search(fold(name)))
    return make_slug(name) if (name := next(latin, "")) else f"area-{number}"


def as_polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Its polygons, with six decimals, which are ten centimetres."""
    rounded = shapely.set_precision(geometry, 1e-6)
    return MultiPolygon([one for one in shapely.get_parts(rounded) if isinstance(one, Polygon)])
