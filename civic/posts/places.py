"""Where a form says it is, out of all that says something about it: coordinates, photos, an address, a choice.

What the person said last wins. With a script its page knows what that was: `placed_address` is the address for which
the coordinates stand. Without one, an address and a position that disagree are asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from civic.config import GeocoderConfig
from civic.forms import clean_text
from civic.geo import queries as geo
from civic.geo.distance import measure_metres
from civic.geo.gazetteer import Fit, NamedPosition
from civic.geo.positions import LatLon, parse_degrees
from civic.i18n import gettext as _
from civic.i18n import pick

Position = tuple[float, float, str]  # latitude, longitude, how it was found
LOCATED_BY = ("photo", "device", "pin", "address", "asset")

AGREE_METRES = 500  # an address names a street more often than a house
SAME_METRES = 1.0  # one position, as a form writes it
MAX_CHOICES = 5


@dataclass(frozen=True)
class PlaceChoice:
    """One of several places that may be meant; `value` is what the form sends when it is chosen."""

    value: str
    label: str


@dataclass(frozen=True)
class FormPlace:
    """What a form says about its place: a position, or why there is none and what may be meant.

    `label` names the position, once a page has to show it (`name_place`). `settled`: the address is the one for which
    the position stands.
    """

    position: Position | None = None
    label: str = ""
    error: str = ""
    choices: tuple[PlaceChoice, ...] = ()
    settled: bool = False
    unread: bool = False  # the coordinates are no coordinates: they are shown as they were written


@dataclass(frozen=True)
class PhotoPlaces:
    """Where the photos of a form were taken, by their names: those that it has, and those taken out of it."""

    kept: Mapping[str, LatLon]
    gone: Mapping[str, LatLon]
    position: Position | None = None  # the first of the kept ones that lies in the city
    outside: frozenset[str] = frozenset()  # those of them that do not

    @property
    def elsewhere(self) -> bool:
        """One of the kept photos was taken outside of the city."""
        return bool(self.outside)

    def is_inside(self, name: str) -> bool:
        """Whether this photo was taken in the city."""
        return name in self.kept and name not in self.outside

    @classmethod
    async def find(cls, places: Mapping[str, LatLon], names: Sequence[str]) -> "PhotoPlaces":
        """`names` are those of the photos that the form has, in their order."""
        known = await geo.areas()
        kept = {name: places[name] for name in names if name in places}
        outside = frozenset(name for name, one in kept.items() if len(known) and known.at(*one) is None)
        inside = [one for name, one in kept.items() if name not in outside]
        gone = {name: one for name, one in places.items() if name not in kept}
        return cls(kept, gone, (*inside[0], "photo") if inside else None, outside)


def read_photo_places(values: Sequence[object]) -> dict[str, LatLon]:
    """Places that a form remembers of its photos: fields "NAME LAT LON"."""
    found = {}
    for value in values:
        name, *degrees = str(value).split(" ")
        if len(degrees) == 2 and (place := _read_pair(*degrees)):
            found[name] = place
    return found


def read_address(form: Mapping[str, Any]) -> str:
    """The address that a form has: pages call it `place_text`, as browsers write somebody's home into an `address`."""
    return clean_text(form.get("place_text") or form.get("address"))


async def read_place(
    form: Mapping[str, Any], photos: PhotoPlaces, geocoder: GeocoderConfig, *, program: bool
) -> FormPlace:
    """Find out where it is. A program that gives coordinates is believed: its address is a description."""
    address = read_address(form)
    given, wrong = _given(form, photos, address)
    if wrong:
        return FormPlace(error=_("We could not read this position."), unread=True)
    if chosen := _chosen(form, address):
        return _settle(chosen)
    if given and (program or address == form.get("placed_address")):
        return _settle(given)
    known = given or photos.position
    if not address:
        return _settle(known) if known else FormPlace(error=_nowhere(photos))
    hits = await geo.geocode(address, geocoder, limit=MAX_CHOICES)
    return await _compare(known, hits, photos)


async def _compare(known: Position | None, hits: list[NamedPosition], photos: PhotoPlaces) -> FormPlace:
    """The place of a form whose address leads to `hits`, while `known` is what else is known of it."""
    if known is None:
        if hits and hits[0].sure:
            return _settle((hits[0].lat, hits[0].lon, "address"))
        if hits:
            return FormPlace(error=_("Several places fit this address. Which one is it?"), choices=await _choices(hits))
        return FormPlace(error=_unknown_address(photos))
    telling = [hit for hit in hits if hit.fit > Fit.PART]
    if not telling or any(measure_metres(*known[:2], hit.lat, hit.lon) <= AGREE_METRES for hit in telling):
        return _settle(known)
    first = PlaceChoice(_value(known), await _name_known(known))
    return FormPlace(
        position=known,
        error=_("The address is somewhere else than the place on the map. Which one is right?"),
        choices=(first, *await _choices(telling))[:MAX_CHOICES],
    )


def _nowhere(photos: PhotoPlaces) -> str:
    if photos.elsewhere:
        return _("The photo was taken outside the city, so its place was not used. Where is it?")
    if photos.kept or photos.gone:
        return _("The photo that said where it is was taken out. Where is it?")
    return ""


def _unknown_address(photos: PhotoPlaces) -> str:
    if photos.elsewhere:
        return _("We do not know this address, and the photo was taken outside the city. Where is it?")
    return _("We do not know this address. Try the name of a street or a stop nearby, or tap the map.")


def _settle(position: Position) -> FormPlace:
    return FormPlace(position, settled=True)


async def name_place(place: FormPlace) -> FormPlace:
    """The place with the words for its position."""
    if place.position is None:
        return place
    return replace(place, label=await name_position(*place.position[:2]))


async def name_position(lat: float, lon: float) -> str:
    """The area and the nearest place, in the reader's language; "" outside of the city."""
    area, place = (await geo.areas()).at(lat, lon), await geo.nearest_place(lat, lon)
    return " · ".join(pick(one.names) for one in (area, place) if one)


async def _name_known(position: Position) -> str:
    where = await name_position(*position[:2]) or _("outside the city")
    if position[2] == "photo":
        return _("Where the photo was taken: %(place)s", place=where)
    return _("The place on the map: %(place)s", place=where)


async def _choices(hits: Sequence[NamedPosition]) -> tuple[PlaceChoice, ...]:
    known = await geo.areas()
    choices = []
    for hit in hits:
        area = known.at(hit.lat, hit.lon)
        label = " · ".join(filter(None, (pick(hit.names), pick(area.names) if area else "")))
        choices.append(PlaceChoice(_value((hit.lat, hit.lon, "address")), label or _("The position that you wrote")))
    return tuple(choices)


def _value(position: Position) -> str:
    lat, lon, how = position
    return f"{lat:.6f} {lon:.6f} {how}"


def _given(form: Mapping[str, Any], photos: PhotoPlaces, address: str) -> tuple[Position | None, bool]:
    """The coordinates that the form sends, and whether they could not be read.

    None for those that no longer stand: of a photo that was taken out, and of an address that was changed since.
    """
    written = [clean_text(form.get(name)) for name in ("lat", "lon")]
    if not any(written):
        return None, False
    pair = _read_pair(*written)
    if pair is None:
        return None, True
    how = form.get("located_by")
    how = how if isinstance(how, str) and how in LOCATED_BY else "pin"
    if how == "photo" and _is_one_of(pair, photos.gone) and not _is_one_of(pair, photos.kept):
        return None, False
    placed = form.get("placed_address")
    if how == "address" and isinstance(placed, str) and placed and placed != address:
        return None, False
    return (*pair, how), False


def _is_one_of(pair: LatLon, places: Mapping[str, LatLon]) -> bool:
    return any(measure_metres(*pair, *one) <= SAME_METRES for one in places.values())


def _chosen(form: Mapping[str, Any], address: str) -> Position | None:
    """The choice among several places, if it was made for the address that stands in the form now."""
    parts = str(form.get("place_choice") or "").split(" ")
    if len(parts) != 3 or parts[2] not in LOCATED_BY or form.get("asked_address") != address:
        return None
    pair = _read_pair(*parts[:2])
    return (*pair, parts[2]) if pair else None


def _read_pair(lat: str, lon: str) -> LatLon | None:
    try:
        return LatLon(parse_degrees(lat, 90), parse_degrees(lon, 180))
    except ValueError:
        return None
