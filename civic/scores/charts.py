"""A figure over time as points of a drawing, so that templates only put them in place."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 340, 150  # of the drawing's own units, which are pixels on a phone
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 14, 14, 24


@dataclass(frozen=True, slots=True)
class ChartDot:
    """One value with its interval: x, y of the value, and the y of both ends; y runs downwards."""

    label: str
    text: str
    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """Dots in their order, and the lines that join neighbours; a gap where a value is missing."""

    dots: tuple[ChartDot, ...]
    lines: tuple[str, ...]  # each the `points` of a polyline
    labels: tuple[tuple[float, str], ...]  # x and text of what stands below
    width: int = WIDTH
    height: int = HEIGHT

    def level(self, value: float) -> float:
        """The y of a value from 0 to 100."""
        return _y(value)


def draw_chart(points: Sequence[tuple[str, str, tuple[float, float, float] | None]]) -> HistoryChart:
    """From label, text and (lo, value, hi) on 0 to 100, the earliest first; None where there was no figure."""
    step = (WIDTH - _LEFT - _RIGHT) / max(len(points) - 1, 1)
    dots: list[ChartDot] = []
    runs: list[list[ChartDot]] = [[]]
    for place, (label, text, bar) in enumerate(points):
        if bar is None:
            runs.append([])
            continue
        lo, value, hi = bar
        dots.append(ChartDot(label, text, round(_LEFT + place * step, 1), _y(value), _y(hi), _y(lo)))
        runs[-1].append(dots[-1])
    joined = tuple(" ".join(f"{dot.x},{dot.y}" for dot in run) for run in runs if len(run) > 1)
    return HistoryChart(tuple(dots), joined, _end_labels([label for label, _text, _bar in points], step))


def _end_labels(labels: Sequence[str], step: float) -> tuple[tuple[float, str], ...]:
    """The first and the last: more would run into each other on a phone."""
    places = sorted({0, len(labels) - 1})
    return tuple((round(_LEFT + place * step, 1), labels[place]) for place in places)


def _y(value: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / 100, 1)
