"""The gazetteer of a pack: its places.csv, and what its extract knows by name. The pack's own names win."""

import asyncio
import hashlib
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from civic.catalogue.assets import MAX_CODE_CHARS, AssetRow
from civic.geo.actions import GazetteerRows, PlaceRow
from civic.geo.distance import METRES_PER_DEGREE
from civic.geo.features import LOCAL_NAME, Progress
from civic.geo.gazetteer import PlaceKind, folded_names
from civic.geo.streets import Positions, Street, find_crossings, make_streets, measure_flat, metres_to
from civic.geo.tile_maker import BaseMapError
from civic.packs.base_map import EXTRACT, digest_file
from civic.packs.contents import Pack, PackPlace
from civic.packs.problems import Problems
from civic.text import CONTROL_CHARACTERS

if TYPE_CHECKING:
    from civic.geo.osm_names import ExtractAsset

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
        return LoadedGazetteer(digest, make_rows(pack.places, [], [], {}), pack.assets)
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
    on_progress(1.0, f"{len(found.streets):,} streets, {len(found.houses):,} house numbers")
    streets = [street for named in found.streets.values() for street in make_streets(named, languages)]
    found.streets.clear()
    points = [
        PlaceRow(_in_languages(one.names, languages), one.lat, one.lon, _kind(one.district)) for one in found.places
    ]
    houses: defaultdict[str, dict[tuple[str, float, float], str]] = defaultdict(dict)
    for house in found.houses:
        houses[house.street].setdefault((house.key, house.lat, house.lon), house.shown)
    found.houses.clear()
    return make_rows(pack.places, streets, points, houses), _join_assets(pack.assets, found.assets)


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


Houses = Mapping[str, Mapping[tuple[str, float, float], str]]  # by their street's folded name: (key, lat, lon) to shown


def make_rows(
    own: Sequence[PackPlace], streets: Sequence[Street], points: Iterable[PlaceRow], houses: Houses
) -> GazetteerRows:
    """The gazetteer of the pack's own places and of what the extract has."""
    maker = _RowsMaker()
    maker.add_own(own)
    maker.add_streets(streets)
    maker.add_points(points)
    for street, numbers in houses.items():
        maker.add_houses(street, numbers)
    return maker.rows


@dataclass
class _RowsMaker:
    rows: GazetteerRows = field(default_factory=GazetteerRows)
    numbers: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # of places, by folded name
    lines: dict[int, list[Positions]] = field(default_factory=dict)  # of streets, by the number of the place

    def _add(self, row: PlaceRow) -> int:
        self.rows.places.append(row)
        number = len(self.rows.places) - 1
        for name in folded_names(row.names):
            self.numbers[name].append(number)
        return number

    def add_own(self, own: Iterable[PackPlace]) -> None:
        for one in own:
            self._add(PlaceRow(one.names, one.lat, one.lon))

    def add_streets(self, streets: Sequence[Street]) -> None:
        """A street that the pack has too keeps the pack's names and position."""
        numbers = []
        for street in streets:
            lines = [way.positions for way in street.ways]
            number = next((one for one in self._same_name(street.names) if self._is_on(one, lines)), None)
            if number is None:
                number = self._add(PlaceRow(street.names, street.lat, street.lon, PlaceKind.STREET))
            else:
                own = self.rows.places[number]
                self.rows.places[number] = PlaceRow(own.names, own.lat, own.lon, PlaceKind.STREET)
                for name in folded_names(street.names):
                    self.numbers[name].append(number)
            numbers.append(number)
            self.lines.setdefault(number, []).extend(lines)
            self.rows.parts.extend((number, part) for part in street.parts())
        crossings = find_crossings(streets)
        met = ((numbers[one], numbers[other], lat, lon) for one, other, lat, lon in crossings)
        self.rows.crossings.extend(dict.fromkeys(one for one in met if one[0] != one[1]))

    def _is_on(self, number: int, lines: Sequence[Positions]) -> bool:
        place = self.rows.places[number]
        return place.kind is PlaceKind.PACK and metres_to(lines, place.lat, place.lon) <= SAME_PLACE_METRES

    def _same_name(self, names: Mapping[str, str]) -> list[int]:
        return [number for name in folded_names(names) for number in self.numbers.get(name, ())]

    def add_points(self, points: Iterable[PlaceRow]) -> None:
        """A thing is no second place beside a street or another thing of its name."""
        for point in points:
            if point.names and not any(self._is_near(one, point) for one in self._same_name(point.names)):
                self._add(point)

    def _is_near(self, number: int, point: PlaceRow) -> bool:
        place = self.rows.places[number]
        if measure_flat(place.lat, place.lon, point.lat, point.lon) <= SAME_PLACE_METRES:
            return True
        lines = self.lines.get(number, ())
        return bool(lines) and metres_to(lines, point.lat, point.lon) <= SAME_PLACE_METRES

    def add_houses(self, name: str, numbers: Mapping[tuple[str, float, float], str]) -> None:
        """House numbers of the streets of a name; those of a street that the extract lacks are left out."""
        places = [one for one in dict.fromkeys(self.numbers.get(name, ())) if one in self.lines]
        for (key, lat, lon), shown in numbers.items() if places else ():
            street = min(places, key=lambda one: metres_to(self.lines[one], lat, lon)) if len(places) > 1 else places[0]
            self.rows.houses.setdefault((street, key), (shown, lat, lon))
