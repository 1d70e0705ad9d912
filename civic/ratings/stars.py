"""Figures of ratings (CLOCK-AND-SCORES 4): the distribution, its mean, and the mean shrunk towards the city's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PRIOR_RATINGS = 10  # added to a service's ratings, each with the city's mean
SCALE = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class StarCounts:
    """Ratings of one service: `counts` of one to five stars; `city` is the mean over all services."""

    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    city: float | None = None

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def total(self) -> int:
        return sum(stars * count for stars, count in zip(SCALE, self.counts, strict=True))

    @property
    def mean(self) -> float | None:
        """The plain mean, 1 to 5; None without ratings."""
        return self.total / self.n if self.n else None

    @property
    def shrunk(self) -> float | None:
        """The mean with PRIOR ratings of the city's mean added, so that three friends do not make a champion."""
        if not self.n or self.city is None:
            return None
        return (PRIOR_RATINGS * self.city + self.total) / (PRIOR_RATINGS + self.n)

    @property
    def bars(self) -> list[tuple[int, int, float]]:
        """Stars, how many, and their share of all; five stars first."""
        return [(stars, self.counts[stars - 1], self.counts[stars - 1] / (self.n or 1)) for stars in reversed(SCALE)]


def count_by_service(rows: Iterable[Mapping[str, int]]) -> tuple[dict[int, StarCounts], float | None]:
    """Stars by service id, and the city's mean, from rows {service_id, stars, n}."""
    counts: dict[int, list[int]] = {}
    for row in rows:
        counts.setdefault(row["service_id"], [0] * 5)[row["stars"] - 1] += row["n"]
    n = sum(map(sum, counts.values()))
    total = sum(stars * of[stars - 1] for of in counts.values() for stars in SCALE)
    city = total / n if n else None
    return {service: StarCounts((of[0], of[1], of[2], of[3], of[4]), city) for service, of in counts.items()}, city
