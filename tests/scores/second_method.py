"""The figures of a period a second time: slowly, from the bytes of the files and the words of docs/method.md.

Nothing of the program is used. A row is a dict of texts; everything is computed anew for each group that is left out.
"""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from statistics import NormalDist
from typing import Any

Row = dict[str, str]
INDICATORS = ("response", "resolution", "speed", "satisfaction", "ownership")
Z = 1.959963984540054


def read(data: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def when(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def by(moment: str, due: str) -> bool:
    """At or before; a missing instant never is."""
    return bool(moment and due) and when(moment) <= when(due)


class SecondMethod:
    """`period`: two instants. Weights and minimums as in a release."""

    def __init__(
        self, assignments: bytes, ratings: bytes, period: Any, weights: dict[str, float], minimums: dict[str, int]
    ) -> None:
        rows, self.period = read(assignments), period
        self.weights, self.minimums = weights, minimums
        self.rows = [row for row in rows if row["clock_of"] == "assignment"]
        self.cases = [row for row in rows if row["clock_of"] == "case"]
        every_rating = read(ratings)
        self.ratings = [row for row in every_rating if self.within(row["given_at"])]
        received = {row["case"]: when(row["received_at"]) for row in [*rows, *every_rating]}
        places = sorted(received, key=lambda case: (received[case], case))
        self.group = {case: place % 100 for place, case in enumerate(places)}
        self.departments = sorted(
            {row["department"] for row in self.rows if self.counts(row) or self.has_share(row)}
            | {row["department"] for row in self.ratings if row["department"]}
        )
        self.caps = self.measure_caps(self.rows)
        stars = [int(row["stars"]) for row in self.ratings]
        self.variance = sum((star - sum(stars) / len(stars)) ** 2 for star in stars) / len(stars) if stars else 0
        self.whole: dict[str, Any] = {}
        self.can_compare = {
            (kind, slug): {
                category
                for category in {row["category"] for row in self.rows}
                if len([r for r in self.of(kind) if r["category"] == category and r["department"] != slug]) >= 30
            }
            for kind in ("response", "resolution")
            for slug in self.departments
        }
        self.whole = self.everything(None)
        self.left = [self.everything(group) for group in range(100)]

    # -- who counts

    def within(self, text: str) -> bool:
        return bool(text) and self.period[0] <= when(text) < self.period[1]

    def response(self, row: Row) -> bool | None:
        if not self.within(row["response_counts_at"]):
            return None
        if row["role"] == "support" and row["added_by"] == "department":
            return None
        if self.aside_from_both(row):
            return None
        word, end = row["first_word_at"], row["end_reason"]
        if not word:
            if end in ("handed_over", "returned", "merged") and by(row["ended_at"], row["response_half"]):
                return None
            if self.taken(row) and by(row["ended_at"], row["response_due"]):
                return None
        return by(word, row["response_due"])

    def resolution(self, row: Row) -> bool | None:
        if row["role"] != "lead" or not self.within(row["resolution_counts_at"]) or self.aside_from_both(row):
            return None
        if row["end_reason"] in ("handed_over", "returned") and by(row["ended_at"], row["response_due"]):
            return None
        if row["decline_stands"] == "1" and by(row["unanswered_at"], row["response_due"]):
            return None
        if self.taken(row) and by(row["ended_at"], row["resolution_due"]):
            return None
        return row["standing"] == "1" and by(row["resolved_at"], row["resolution_due"])

    def ownership(self, row: Row) -> bool | None:
        if row["role"] != "lead" or not self.within(row["given_at"]):
            return None
        return not (row["end_reason"] in ("handed_over", "returned") and row["misrouted"] == "0")

    def aside_from_both(self, row: Row) -> bool:
        if row["misrouted"] == "1" or row["came_back"] == "1":
            return True
        return row["decline_stands"] == "1" and by(row["ended_at"], row["response_due"])

    def taken(self, row: Row) -> bool:
        if row["end_reason"] in ("reassigned", "closed"):
            return True
        return row["end_reason"] == "merged" and (row["role"] == "support" or row["ended_by"] != "department")

    def counts(self, row: Row) -> bool:
        return any(rule(row) is not None for rule in (self.response, self.resolution, self.ownership))

    def has_share(self, row: Row) -> bool:
        """Whether it is a part of a published share: due as a lead, or with a first word."""
        if row["role"] == "lead" and self.within(row["resolution_counts_at"]):
            return True
        own = row["role"] == "support" and row["added_by"] == "department"
        return bool(row["first_word_at"]) and not own and self.within(row["response_counts_at"])

    def of(self, kind: str, group: int | None = None) -> list[Row]:
        """The assignments that count for an indicator, without a group of cases."""
        rule: Callable[[Row], bool | None] = getattr(self, "resolution" if kind == "speed" else kind)
        rows = [row for row in self.rows if rule(row) is not None and self.group[row["case"]] != group]
        return [row for row in rows if row["category"] in self.caps] if kind == "speed" else rows

    # -- speed

    def took(self, row: Row) -> int | None:
        if row["standing"] != "1":
            return None
        elapsed = when(row["resolved_at"]) - when(row["started_at"])
        return max(60, math.floor(elapsed.total_seconds()) - int(row["waited_s"]))

    def measure_caps(self, rows: list[Row]) -> dict[str, int]:
        rule = self.case_resolution if rows and rows[0]["clock_of"] == "case" else self.resolution
        times = defaultdict(list)
        for row in rows:
            if rule(row) is not None and self.took(row) is not None:
                times[row["category"]].append(self.took(row))
        return {name: sorted(found)[math.ceil(len(found) * 19 / 20) - 1] for name, found in times.items()}

    def capped(self, row: Row) -> int:
        took = self.took(row)
        return self.caps[row["category"]] if took is None else min(took, self.caps[row["category"]])

    # -- the figures

    def share(self, kind: str, rows: list[Row]) -> float | None:
        rule = getattr(self, kind)
        return sum(rule(row) for row in rows) / len(rows) if rows else None

    def adjusted(self, kind: str, slug: str, group: int | None) -> tuple[float, float, float] | None:
        """The adjusted share, `o` and `expected`."""
        counted = self.of(kind, group)
        mine = [row for row in counted if row["department"] == slug]
        usual = {}
        for category in self.can_compare[kind, slug]:
            others = [row for row in counted if row["category"] == category and row["department"] != slug]
            if others:
                usual[category] = self.share(kind, others)
        compared = [usual[row["category"]] for row in counted if row["category"] in usual]
        raw = self.share(kind, mine)
        if raw is None or not compared:
            return None if raw is None else (raw, None, None)
        o = sum(compared) / len(compared)
        expected = sum(usual.get(row["category"], o) for row in mine) / len(mine)
        if not all(0 < share < 1 for share in (raw, o, expected)):
            return raw, o, expected
        odds = raw / (1 - raw) * o / (1 - o) / (expected / (1 - expected))
        return odds / (1 + odds), o, expected

    def log_ratio(self, slug: str, group: int | None) -> float | None:
        rows = self.of("speed", group)
        mean = {
            category: sum(same) / len(same)
            for category in {row["category"] for row in rows}
            if (same := [self.capped(row) for row in rows if row["category"] == category])
        }
        mine = [row for row in rows if row["department"] == slug]
        if not mine:
            return None
        return math.log(sum(mean[row["category"]] for row in mine) / sum(self.capped(row) for row in mine))

    def stars(self, slug: str | None, group: int | None) -> list[int]:
        rows = [row for row in self.ratings if self.group[row["case"]] != group]
        return [int(row["stars"]) for row in rows if slug is None or row["department"] == slug]

    def enough(self, kind: str) -> list[str]:
        least = self.minimums["indicator"]
        if kind == "satisfaction":
            return [slug for slug in self.departments if len(self.stars(slug, None)) >= least]
        rows = self.of(kind)
        return [slug for slug in self.departments if sum(row["department"] == slug for row in rows) >= least]

    def everything(self, group: int | None) -> dict[str, Any]:
        """Every value that a composite is made of, without a group; what has no data keeps its value of the whole."""
        value: dict[tuple[str, str], float] = {}
        ratio: dict[str, float] = {}
        for kind in ("response", "resolution"):
            for slug in self.enough(kind):
                found = self.adjusted(kind, slug, group)
                value[kind, slug] = self.whole["value"][kind, slug] if found is None else found[0]
        for slug in self.enough("speed"):
            log = self.log_ratio(slug, group)
            ratio[slug] = self.whole["ratio"][slug] if log is None else log
            value["speed", slug] = math.exp(ratio[slug]) / (1 + math.exp(ratio[slug]))
        for slug in self.enough("ownership"):
            share = self.share("ownership", [r for r in self.of("ownership", group) if r["department"] == slug])
            value["ownership", slug] = self.whole["value"]["ownership", slug] if share is None else share
        city = {kind: self.share(kind, self.of(kind, group)) for kind in ("response", "resolution", "ownership")}
        city = {
            kind: self.whole["city"][kind] if share is None and self.whole else share for kind, share in city.items()
        }
        city["speed"] = 0.5
        everybody = self.stars(None, group)
        summed = [kind for kind in INDICATORS if self.weights[kind] and len(self.enough(kind)) >= 2]
        composite = {}
        for slug in self.scored(summed):
            parts = {}
            for kind in summed:
                if kind != "satisfaction":
                    parts[kind] = value.get((kind, slug), city[kind])
                elif everybody:
                    mine, mean = self.stars(slug, group), sum(everybody) / len(everybody)
                    parts[kind] = ((10 * mean + sum(mine)) / (10 + len(mine)) - 1) / 4
                else:
                    parts[kind] = self.whole["parts"][slug][kind]
            weight = sum(self.weights[kind] for kind in summed)
            composite[slug] = 100 * sum(self.weights[kind] * parts[kind] for kind in summed) / weight
            value["parts", slug] = parts  # type: ignore[assignment]
        n = {slug: self.counted(slug, group) for slug in composite}
        mean = sum(n[slug] * composite[slug] for slug in composite) / sum(n.values()) if sum(n.values()) else None
        if mean is None and self.whole:
            mean = self.whole["mean"]
        parts = {slug: value.pop(("parts", slug)) for slug in composite}
        return {
            "value": value, "ratio": ratio, "city": city, "composite": composite, "mean": mean, "parts": parts,
            "summed": summed,
        }  # fmt: skip

    def counted(self, slug: str, group: int | None = None) -> int:
        rows = [row for row in self.rows if row["department"] == slug and self.group[row["case"]] != group]
        return sum(map(self.counts, rows))

    def scored(self, summed: list[str]) -> list[str]:
        return [
            slug
            for slug in self.departments
            if self.counted(slug) >= self.minimums["assignments"]
            and sum(slug in self.enough(kind) for kind in summed) >= self.minimums["indicators"]
        ]

    # -- chance

    @staticmethod
    def spread(values: list[float]) -> float:
        mean = sum(values) / 100
        return 99 / 100 * sum((value - mean) ** 2 for value in values)

    def unseen(self, slug: str) -> float:
        total, u = sum(self.weights[kind] for kind in self.whole["summed"]), 0.0
        for kind in self.whole["summed"]:
            q = 100 * self.weights[kind] / total
            if kind == "satisfaction":
                u += (q / 4) ** 2 * 10 * self.variance / (10 + len(self.stars(slug, None))) ** 2
            elif slug not in self.enough(kind):
                have = [self.whole["value"][kind, other] for other in self.enough(kind)]
                mean = sum(have) / len(have)
                u += q * q * sum((one - mean) ** 2 for one in have) / (len(have) - 1)
        return u

    def composite(self, slug: str) -> tuple[float, float, float]:
        value = self.whole["composite"][slug]
        half = Z * math.sqrt(self.spread([rest["composite"][slug] for rest in self.left]) + self.unseen(slug))
        return value, max(0, value - half), min(100, value + half)

    def standing(self, slug: str) -> tuple[str, float, float]:
        points = self.whole["composite"][slug] - self.whole["mean"]
        s2 = self.spread([rest["composite"][slug] - rest["mean"] for rest in self.left])
        z = NormalDist().inv_cdf(1 - 0.025 / len(self.whole["composite"]))
        margin = z * math.sqrt(s2 + self.unseen(slug))
        return "as" if abs(points) <= margin + 1e-9 else "better" if points > 0 else "below", points, margin

    def alone(self, slug: str) -> bool:
        mine = [row for row in self.of("resolution") if row["department"] == slug]
        if slug not in self.enough("resolution"):
            return False
        return sum(row["category"] in self.can_compare["resolution", slug] for row in mine) < len(mine) / 2

    def rank(self, slug: str) -> tuple[int, int]:
        all_of = list(self.whole["composite"])
        z = NormalDist().inv_cdf(1 - 0.025 / (len(all_of) * (len(all_of) - 1) / 2)) if len(all_of) > 1 else 0
        above = below = 0
        for other in all_of:
            lead = self.whole["composite"][other] - self.whole["composite"][slug]
            s2 = self.spread([rest["composite"][other] - rest["composite"][slug] for rest in self.left])
            clear = other != slug and abs(lead) > z * math.sqrt(s2 + self.unseen(slug) + self.unseen(other)) + 1e-9
            above, below = above + (clear and lead > 0), below + (clear and lead < 0)
        return 1 + above, len(all_of) - below

    def speed(self, slug: str) -> tuple[float, float, float]:
        log = self.whole["ratio"][slug]
        half = Z * math.sqrt(self.spread([rest["ratio"][slug] for rest in self.left]))
        x, lo, hi = (math.exp(end) for end in (log, log - half, log + half))
        return x / (1 + x), lo / (1 + lo), hi / (1 + hi)

    # -- the city's line

    def case_resolution(self, row: Row) -> bool | None:
        if not self.within(row["resolution_counts_at"]) or row["decline_stands"] == "1":
            return None
        return by(row["resolved_at"], row["resolution_due"])

    def city_line(self) -> dict[str, Any]:
        response = [
            by(r["first_word_at"], r["response_due"]) for r in self.cases if self.within(r["response_counts_at"])
        ]
        resolution = [met for row in self.cases if (met := self.case_resolution(row)) is not None]
        caps, taken = self.measure_caps(self.cases), []
        for row in self.cases:
            if self.case_resolution(row) is not None and row["category"] in caps:
                took = self.took(row)
                taken.append(caps[row["category"]] if took is None else min(took, caps[row["category"]]))
        kept = [row["handovers"] == "0" for row in self.cases if self.within(row["received_at"])]
        return {"response": response, "resolution": resolution, "speed": taken, "ownership": kept}
