"""Addresses in the gazetteer: the house of a street, where two streets meet, and what a position is called."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from civic.city.queries import city
from civic.db import Row, fetch
from civic.geo import sql
from civic.geo.distance import bounding_box
from civic.geo.gazetteer import Fit, NamedPosition, PlaceKind, fold_name
from civic.geo.house_numbers import name_address, typed_numbers
from civic.geo.streets import metres_to

HOUSE_METRES, STREET_METRES, WIDER_METRES = 25.0, 60.0, 300.0  # within which a house or a street names a position
MAX_WHOLE = 50  # hits that are looked at as streets of an address


async def narrow(text: str, hits: Sequence[NamedPosition]) -> list[NamedPosition]:
    """The hits for a text, or the house or the crossing that it means beside the names of streets.

    `hits` are ranked, with those that fit best first.
    """
    if not hits or hits[0].fit <= Fit.PART:
        return list(hits)
    rivals = [hit for hit in hits if hit.fit is hits[0].fit and hit.rival][:MAX_WHOLE]
    streets = [hit for hit in rivals if hit.kind in (PlaceKind.STREET, PlaceKind.PACK)]
    if hits[0].fit is not Fit.SAME:
        if crossings := await _find_crossings(streets):
            return crossings
        if houses := await _find_houses(text, streets):
            return houses
    streets = [hit for hit in rivals if hit.kind == PlaceKind.STREET]
    # "Mannerheimintie, Kluuvi": who names a part of the city beside a street means the street.
    if len(streets) == 1 and all(hit.kind == PlaceKind.DISTRICT for hit in rivals if hit is not streets[0]):
        others = [hit for hit in hits if hit is not streets[0]]
        return [replace(streets[0], sure=True), *(replace(hit, sure=False) for hit in others)]
    return list(hits)


async def _find_crossings(streets: Sequence[NamedPosition]) -> list[NamedPosition]:
    """Where two streets meet that a text names; empty for one or three of them."""
    by_name: defaultdict[str, list[NamedPosition]] = defaultdict(list)
    for street in streets:
        by_name[street.matched].append(street)
    if len(by_name) != 2:
        return []
    groups = sorted(by_name.values(), key=lambda group: group[0].id)  # one crossing has one name, however it was typed
    ones, others = ({street.id: street for street in group} for group in groups)
    rows = await fetch(sql.FIND_CROSSINGS, list(ones), list(others))
    return [
        NamedPosition(
            _join_names(ones[row["place_id"]].names, others[row["other_id"]].names),
            row["lat"],
            row["lon"],
            sure=len(rows) == 1,
            fit=Fit.SAME,
        )
        for row in rows
    ]


def _join_names(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {language: f"{name} / {other.get(language, '')}" for language, name in one.items()}


async def _find_houses(text: str, streets: Sequence[NamedPosition]) -> list[NamedPosition]:
    """The house of each of the streets whose number stands in the text."""
    words = fold_name(text)
    wanted = {street.id: typed_numbers(words, street.matched) for street in streets if street.id}
    numbers = {number for some in wanted.values() for number in some}
    if not numbers:
        return []
    rows = await fetch(sql.FIND_HOUSES, list(wanted), list(numbers))
    best: dict[int, Row] = {}
    for row in rows:
        order, before = wanted[row["place_id"]], best.get(row["place_id"])
        if row["number"] in order and (not before or order.index(row["number"]) < order.index(before["number"])):
            best[row["place_id"]] = row
    language = (await city()).languages[0]
    return [
        replace(
            street,
            names=_address_names(street.names, best[street.id]["shown"], language),
            lat=best[street.id]["lat"],
            lon=best[street.id]["lon"],
            sure=len(best) == 1,
            fit=Fit.SAME,
        )
        for street in streets
        if street.id in best
    ]


def _address_names(names: dict[str, str], shown: str, first_language: str) -> dict[str, str]:
    return {language: name_address(name, shown, first_language) for language, name in names.items()}


async def nearest_place(lat: float, lon: float, within: float = 1000.0) -> NamedPosition | None:
    """What a position is called: a house beside it, its street, else the nearest place at most `within` metres away.

    A place of the pack wins where it is nearer than the house or the street.
    """
    for reach in (STREET_METRES, WIDER_METRES, within):
        rows = await _look_around(lat, lon, min(reach, within), within)
        place = next((_named(row) for row in rows if row["what"] == "place" and row["metres"] <= within), None)
        house = next((row for row in rows if row["what"] == "house" and row["metres"] <= HOUSE_METRES), None)
        street = _nearest_street(rows, lat, lon, min(reach, within))
        nearest = street.metres if street else house["metres"] if house else None
        if place and place.kind is PlaceKind.PACK and (nearest is None or (place.metres or 0) < nearest):
            return place
        if house:
            names = _address_names(house["names"], house["shown"], (await city()).languages[0])
            return replace(_named(house), names=names)
        if street and (reach == STREET_METRES or not place or (street.metres or 0) <= (place.metres or 0)):
            return street
        if place and (place.metres or 0) <= reach:
            return place
    return None


async def _look_around(lat: float, lon: float, reach: float, within: float) -> list[Row]:
    boxes = (bounding_box(lat, lon, metres) for metres in (HOUSE_METRES, within, reach))
    return await fetch(sql.NEAR, lat, lon, *(edge for box in boxes for edge in box))


def _named(row: Row) -> NamedPosition:
    kind = PlaceKind(row["kind"])
    return NamedPosition(row["names"], row["lat"], row["lon"], row["metres"], kind=kind, id=row["id"])


def _nearest_street(rows: Sequence[Row], lat: float, lon: float, reach: float) -> NamedPosition | None:
    parts = [row for row in rows if row["what"] == "street"]
    measured = [(metres_to([np.frombuffer(row["positions"], np.int32).reshape(-1, 2)], lat, lon), row) for row in parts]
    metres, row = min(measured, key=lambda one: (one[0], one[1]["id"]), default=(reach + 1, None))
    return replace(_named(row), metres=metres) if row is not None and metres <= reach else None
