"""Closing administrative boundaries at the border of an extract, which has only some of their lines."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import shapely
from shapely import STRtree
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from civic.geo.coast import reach_border

Numbered = tuple[int, LineString]  # a way and a part of it


@dataclass(frozen=True)
class BoundaryLines:
    """The lines of one boundary that an extract has, each with the number of its way. `whole`: it has all of them."""

    lines: Collection[Numbered]
    whole: bool


def close_boundaries(boundaries: Mapping[int, BoundaryLines], frame: BaseGeometry) -> dict[int, BaseGeometry]:
    """The part of each boundary's area that lies in the frame; boundaries of one level do not overlap.

    The lines cut the frame into faces. A face belongs to a boundary that all of its lines belong to; where two do, the
    one that does not have the face on the other side of the line. What stays open is left out.
    """
    found = {key: area for key, one in boundaries.items() if one.whole and (area := _polygon(one.lines))}
    found = {key: area.intersection(frame) for key, area in found.items()}
    open_ones = {key: one for key, one in boundaries.items() if key not in found and one.lines}
    if open_ones:
        found |= _Faces(open_ones, found, frame).assign()
    return {key: area for key, area in found.items() if area.area > 0}


def _polygon(lines: Collection[Numbered]) -> BaseGeometry | None:
    polygons = shapely.polygonize([shapely.unary_union([line for _way, line in lines])])
    return None if polygons.is_empty else shapely.unary_union(list(shapely.get_parts(polygons)))


class _Faces:
    def __init__(
        self, boundaries: Mapping[int, BoundaryLines], taken: Mapping[int, BaseGeometry], frame: BaseGeometry
    ) -> None:
        self.owners: defaultdict[int, set[int]] = defaultdict(set)  # of ways
        self.lines: list[LineString] = []
        self.ways: list[int] = []
        parts = {way_line for one in boundaries.values() for way_line in one.lines}
        for key, one in boundaries.items():
            for way, _line in one.lines:
                self.owners[way].add(key)
        for way, line in parts:
            for part in shapely.get_parts(line.intersection(frame)):
                if isinstance(part, LineString) and part.length > 0:
                    self.lines.append(part)
                    self.ways.append(way)
        borders = [area.boundary for area in taken.values()]
        led = reach_border(self.lines, frame.boundary) if self.lines else []
        net = shapely.unary_union([*led, *borders, frame.boundary])
        inside = shapely.unary_union(list(taken.values()))
        faces = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(net))))
        self.faces = [one for one in faces if not inside.contains(one.representative_point())]

    def assign(self) -> dict[int, BaseGeometry]:
        sides = self._sides()
        candidates: list[set[int]] = []
        for ways in sides:
            sets = [self.owners[way] for way in ways]
            candidates.append(set.intersection(*sets) if sets else set[int]())
        self._eliminate(candidates, sides)
        self._leave_out(candidates, sides)
        found: defaultdict[int, list[BaseGeometry]] = defaultdict(list)
        for face, owners in zip(self.faces, candidates, strict=True):
            if len(owners) == 1:
                found[next(iter(owners))].append(face)
        return {key: shapely.unary_union(parts) for key, parts in found.items()}

    def _sides(self) -> list[set[int]]:
        """The ways on the border of each face."""
        tree = STRtree(self.lines)
        sides = []
        for face in self.faces:
            near = tree.query(face, predicate="intersects") if self.lines else []
            edge = face.boundary.buffer(1e-7)
            sides.append({self.ways[i] for i in near if self.lines[i].intersection(edge).length > 1e-5})
        return sides

    def _leave_out(self, candidates: list[set[int]], sides: list[set[int]]) -> None:
        """A line of one boundary has it on one side alone: where it seems to be on both, nobody knows on which."""
        beside: defaultdict[int, list[set[int]]] = defaultdict(list)
        for owners, ways in zip(candidates, sides, strict=True):
            for way in ways:
                if owners and owners == self.owners[way]:
                    beside[way].append(owners)
        for both in beside.values():
            if len(both) > 1:
                for owners in both:
                    owners.clear()

    @staticmethod
    def _eliminate(candidates: list[set[int]], sides: list[set[int]]) -> None:
        """What lies beyond a line of two boundaries is the other one's."""
        changed = True
        while changed:
            changed = False
            for one, ways in zip(candidates, sides, strict=True):
                if len(one) != 1:
                    continue
                for other, others in zip(candidates, sides, strict=True):
                    if other is not one and len(other) > 1 and one <= other and ways & others:
                        other -= one
                        changed = True
