"""The gazetteer of a pack: its places.csv, and what its extract knows by name. The pack's own names win."""

import asyncio
import hashlib
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from civic.catalogue.assets import MAX_CODE_CHARS, AssetRow
from civic.geo.actions import GazetteerRows, PlaceRow
from civic.geo.distance import METRES_PER_DEGREE
from civic.geo.features import LOCAL_NAME, Progress
from civic.geo.gazetteer import PlaceKind, folded_names
from civic.geo.streets import Positions, StreetNet, measure_flat, metres_to
from civic.geo.tile_maker import BaseMapError
from civic.packs.base_map import EXTRACT, digest_file
from civic.packs.contents import Pack, PackPlace
from civic.packs.problems import Problems
from civic.text import CONTROL_CHARACTERS

if TYPE_CHECKING:
    from civic.geo.osm_names import ExtractAsset, HouseNumbers

MAKER = "1"  # rises when the same sources give another gazetteer
SAME_PLACE_METRES = 700  # within which two things of one name are one place, as the stops of both sides of a street are
BORDER_METRES = 50  # beyond the city's border, where its streets still are


@dataclass(frozen=True)
class LoadedGazetteer:
    """A gazetteer, the numbered things, and the digest of their sources; None for what the database has already."""

    digest: str
    rows: GazetteerRows | None = None
    assets: Sequence[AssetRow] | None = None


async def read_gazetteer(pack: Pack, folder: Path, known: str, on_progress: Progress) -> LoadedGazetteer:
    """Read it, unless `known` is the digest of its sources already.

    Raises PackError for an extract that is damaged.
    """
    digest = await asyncio.to_thread(_digest, pack, folder / EXTRACT)
    if digest == known:
        return LoadedGazetteer(digest)
    if not (folder / EXTRACT).exists():
        return LoadedGazetteer(digest, make_rows(pack.places), pack.assets)
    try:
        return LoadedGazetteer(digest, *await asyncio.to_thread(_read_extract, pack, folder / EXTRACT, on_progress))
    except BaseMapError as error:
        problems = Problems()
        problems.add(EXTRACT, str(error))
        problems.raise_any()
        raise


def _digest(pack: Pack, extract: Path) -> str:
    places = [(one.names, one.lat, one.lon) for one in pack.places]
    assets = [(one.kind, one.code, one.lat, one.lon) for one in pack.assets]
    about = [MAKER, pack.city.languages, places, pack.asset_kinds, assets]
    total = hashlib.sha256(json.dumps(about).encode())
    if extract.exists():
        total.update(pack.areas[0].geometry.wkb)
        total.update(digest_file(extract))
    return total.hexdigest()


def _read_extract(pack: Pack, path: Path, on_progress: Progress) -> tuple[GazetteerRows, list[AssetRow]]:
    from civic.geo.osm_names import NameReader  # brings a library that the web process does not need

    languages = pack.city.languages
    city = pack.areas[0].geometry.buffer(BORDER_METRES / METRES_PER_DEGREE)
    with tempfile.TemporaryDirectory(prefix="civic-names-") as work:
        found = NameReader(path, city, languages, frozenset(pack.asset_kinds)).read(Path(work), on_progress)
    on_progress(1.0, f"{len(found.ways.names):,} ways of streets, {len(found.houses.keys):,} house numbers")
    points = [
        PlaceRow(_in_languages(one.names, languages), one.lat, one.lon, _kind(one.district)) for one in found.places
    ]
    net = StreetNet(found.ways, city)
    names = [found.names.pick(number) for number in range(len(found.names.local))]
    return make_rows(pack.places, points, Streets(net, names), found.houses), _join_assets(pack.assets, found.assets)


def _join_assets(own: Iterable[AssetRow], read: Iterable["ExtractAsset"]) -> list[AssetRow]:
    """The pack's own, and those of the extract: by the number that stands on them, by that of OpenStreetMap where there
    is none, or where several of a kind have the same."""
    found = list(read)
    refs = Counter((one.kind, one.ref) for one in found)
    rows = {(one.kind, one.code): one for one in own}
    for one in found:
        usable = 0 < len(one.ref) <= MAX_CODE_CHARS and not CONTROL_CHARACTERS.search(one.ref)
        code = one.ref if usable and refs[one.kind, one.ref] == 1 else one.osm_id
        rows.setdefault((one.kind, code), AssetRow(one.kind, code, one.lat, one.lon))
    return list(rows.values())


def _in_languages(names: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    """A name for each language of the city; the local one where there is none."""
    return {language: names.get(language) or names[LOCAL_NAME] for language in languages}


def _kind(district: bool) -> PlaceKind:
    return PlaceKind.DISTRICT if district else PlaceKind.OTHER


@dataclass(frozen=True)
class Streets:
    """The streets of an extract, and the names of each by the number of its name."""

    net: StreetNet
    names: Sequence[dict[str, str]]


def make_rows(
    own: Sequence[PackPlace],
    points: Iterable[PlaceRow] = (),
    streets: Streets | None = None,
    houses: "HouseNumbers | None" = None,
) -> GazetteerRows:
    """The gazetteer of the pack's own places and of what the extract has."""
    maker = _RowsMaker(streets.net if streets else None)
    maker.add_own(own)
    if streets:
        maker.add_streets(streets)
    maker.add_points(points)
    if houses:
        maker.rows.houses = HouseRows(houses, maker.streets_of_names(houses.streets), maker.lines)
    return maker.rows


class _RowsMaker:
    def __init__(self, net: StreetNet | None) -> None:
        self.net, self.rows = net, GazetteerRows()
        self.numbers: defaultdict[str, list[int]] = defaultdict(list)  # of places, by folded name
        self.merged = set[int]()  # places of the pack that are streets of the extract
        self.streets: defaultdict[int, list[int]] = defaultdict(list)  # of the net, by the number of the place

    def lines(self, place: int) -> list[Positions]:
        """The lines of a street, by the number of its place."""
        return [line for street in self.streets[place] for line in self.net.lines(street)] if self.net else []

    def _add(self, row: PlaceRow, folded: Iterable[str]) -> int:
        self.rows.places.append(row)
        number = len(self.rows.places) - 1
        for name in folded:
            self.numbers[name].append(number)
        return number

    def add_own(self, own: Iterable[PackPlace]) -> None:
        for one in own:
            self._add(PlaceRow(one.names, one.lat, one.lon), folded_names(one.names))

    def add_streets(self, streets: Streets) -> None:
        """A street that the pack has too keeps the pack's names and position."""
        folded = [folded_names(names) for names in streets.names]
        of_streets = list[int]()
        for street, ((lat, lon), name) in enumerate(zip(streets.net.middles(), streets.net.names, strict=True)):
            number = self._own_place(folded[name], streets.net, street)
            if number is None:
                number = self._add(PlaceRow(streets.names[name], lat, lon, PlaceKind.STREET), folded[name])
            else:
                own = self.rows.places[number]
                self.rows.places[number] = PlaceRow(own.names, own.lat, own.lon, PlaceKind.STREET)
                for key in folded[name]:
                    self.numbers[key].append(number)
            self.streets[number].append(street)
            of_streets.append(number)
        self.rows.parts = PartRows(streets.net, of_streets)
        self.rows.crossings = CrossingRows(streets.net, of_streets)

    def _own_place(self, folded: Iterable[str], net: StreetNet, street: int) -> int | None:
        """The place of the pack that is this street."""
        for number in self._same_name(folded):
            place = self.rows.places[number]
            is_own = place.kind is PlaceKind.PACK or number in self.merged
            if is_own and metres_to(net.lines(street), place.lat, place.lon) <= SAME_PLACE_METRES:
                self.merged.add(number)
                return number
        return None

    def _same_name(self, folded: Iterable[str]) -> list[int]:
        return [number for name in folded for number in self.numbers.get(name, ())]

    def add_points(self, points: Iterable[PlaceRow]) -> None:
        """A thing is no second place beside a street or another thing of its name."""
        for point in points:
            folded = folded_names(point.names)
            if folded and not any(self._is_near(one, point) for one in self._same_name(folded)):
                self._add(point, folded)

    def _is_near(self, number: int, point: PlaceRow) -> bool:
        place = self.rows.places[number]
        if measure_flat(place.lat, place.lon, point.lat, point.lon) <= SAME_PLACE_METRES:
            return True
        lines = self.lines(number) if number in self.streets else []
        return bool(lines) and metres_to(lines, point.lat, point.lon) <= SAME_PLACE_METRES

    def streets_of_names(self, names: Iterable[str]) -> list[list[int]]:
        """The places that are streets of each folded name; none for a street that the extract lacks."""
        return [[one for one in dict.fromkeys(self.numbers.get(name, ())) if one in self.streets] for name in names]


@dataclass(frozen=True)
class PartRows:
    """The stretches of streets, with the number of the place of each; made anew each time they are gone through."""

    net: StreetNet
    of_streets: Sequence[int]

    def __iter__(self) -> Iterator[tuple[int, Positions]]:
        return ((self.of_streets[street], part) for street, part in self.net.parts())


@dataclass(frozen=True)
class CrossingRows:
    """Where streets meet; made anew each time they are gone through."""

    net: StreetNet
    of_streets: Sequence[int]

    def __iter__(self) -> Iterator[tuple[int, int, float, float]]:
        for one, other, lat, lon in self.net.crossings():
            first, second = self.of_streets[one], self.of_streets[other]
            if first != second:
                yield first, second, lat, lon


@dataclass(frozen=True)
class HouseRows:
    """House numbers with the number of the place of their street; made anew each time they are gone through."""

    houses: "HouseNumbers"
    streets: Sequence[Sequence[int]]  # by the number of the name
    lines: Callable[[int], list[Positions]]

    def __iter__(self) -> Iterator[tuple[int, str, str, float, float]]:
        at = self.houses.positions
        for number, (name, key, shown) in enumerate(
            zip(self.houses.street, self.houses.keys, self.houses.shown, strict=True)
        ):
            if places := self.streets[name]:
                lat, lon = at[2 * number], at[2 * number + 1]
                yield self._nearest(places, lat, lon), key, shown, lat, lon

    def _nearest(self, places: Sequence[int], lat: float, lon: float) -> int:
        return places[0] if len(places) == 1 else min(places, key=lambda one: metres_to(self.lines(one), lat, lon))
