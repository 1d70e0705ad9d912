"""The drawing of a figure over time: points that the template only puts in place."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH_UNITS, HEIGHT_UNITS = 340, 150  # a unit is a pixel on a phone
_LEFT_UNITS, _RIGHT_UNITS, _TOP_UNITS, _BOTTOM_UNITS = 30, 14, 14, 24  # margins


@dataclass(frozen=True, slots=True)
class ChartDot:
    """One value at x, y, and the y of both ends of its interval. y grows downwards."""

    label: str
    text: str
    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """Dots in order of time, and lines between neighbours; where a value is missing there is a gap."""

    dots: tuple[ChartDot, ...]
    lines: tuple[str, ...]  # each the `points` of a polyline
    labels: tuple[tuple[float, str], ...]  # x and text below the axis
    width: int = WIDTH_UNITS
    height: int = HEIGHT_UNITS

    def level(self, value: float) -> float:
        """Return the y of a value from 0 to 100."""
        return _y(value)


def draw_chart(points: Sequence[tuple[str, str, tuple[float, float, float] | None]]) -> HistoryChart:
    """Draw points, the earliest first: a label, a text, and (lo, value, hi) from 0 to 100, or None for no figure."""
    step = (WIDTH_UNITS - _LEFT_UNITS - _RIGHT_UNITS) / max(len(points) - 1, 1)
    dots: list[ChartDot] = []
    runs: list[list[ChartDot]] = [[]]
    for place, (label, text, bar) in enumerate(points):
        if bar is None:
            runs.append([])
            continue
        lo, value, hi = bar
        dots.append(ChartDot(label, text, round(_LEFT_UNITS + place * step, 1), _y(value), _y(hi), _y(lo)))
        runs[-1].append(dots[-1])
    joined = tuple(" ".join(f"{dot.x},{dot.y}" for dot in run) for run in runs if len(run) > 1)
    return HistoryChart(tuple(dots), joined, _end_labels([label for label, _text, _bar in points], step))


def _end_labels(labels: Sequence[str], step: float) -> tuple[tuple[float, str], ...]:
    """Label the first and the last point only: more labels would overlap on a phone."""
    places = sorted({0, len(labels) - 1})
    return tuple((round(_LEFT_UNITS + place * step, 1), labels[place]) for place in places)


def _y(value: float) -> float:
    return round(HEIGHT_UNITS - _BOTTOM_UNITS - (HEIGHT_UNITS - _TOP_UNITS - _BOTTOM_UNITS) * value / 100, 1)
