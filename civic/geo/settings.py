"""What a city decides about itself: weights, limits, targets. City.settings keeps them as plain data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

INDICATORS = ("response", "resolution", "speed", "satisfaction", "ownership")


@dataclass(frozen=True, slots=True)
class CitySettings:
    """A city's rules, each with the default of CLOCK-AND-SCORES where that has one.

    Targets and `waiting_limit` are texts as sla.targets.parse_target reads them.
    """

    calendar: str = ""  # slug of the city's own calendar: clocks of cases that no department has
    response: str = "2 working days"  # targets of a category that names none, and of triage
    resolution: str = "10 working days"
    waiting_limit: str = "10 working days"  # how long a case waits for the reporter
    confirm_days: int = 10  # elapsed days after which a resolution is confirmed by itself
    reopen_days: int = 30  # elapsed days for which the reporter may reopen a confirmed case
    dispute_supporters: int = 3  # supporters who together dispute a resolution
    classifier_threshold: float = 0.6  # least probability with which the classifier routes
    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "response": 25,
            "resolution": 30,
            "speed": 10,
            "satisfaction": 25,
            "ownership": 10,
        }
    )
    minimums: Mapping[str, int] = field(default_factory=lambda: {"indicator": 10, "stints": 30, "indicators": 3})

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "CitySettings":
        """From City.settings; what an older version stored and this one does not know is left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def to_stored(self) -> dict[str, Any]:
        """As plain data for City.settings."""
        return {**asdict(self), "weights": dict(self.weights), "minimums": dict(self.minimums)}
