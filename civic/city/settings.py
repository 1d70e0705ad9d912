"""What a city decides about itself: weights, limits, targets. City.settings keeps them as plain data."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

# The indicators of CLOCK-AND-SCORES 3 and their default weights in the composite.
DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"response": 25, "resolution": 30, "speed": 10, "satisfaction": 25, "ownership": 10}
)
INDICATORS = tuple(DEFAULT_WEIGHTS)
# How many cases make an indicator, how many assignments and indicators a composite.
DEFAULT_MINIMUMS: Mapping[str, int] = MappingProxyType({"indicator": 10, "assignments": 30, "indicators": 3})


# Words by which a citizen's name would claim an office; in Chinese anywhere in it.
DEFAULT_OFFICIAL_WORDS = (
    *("official", "city hall", "city council", "city government", "government", "administrator", "admin"),
    *("moderator", "dispatcher", "webmaster", "support team"),
    *("官方", "政府", "市委", "管理员", "版主", "客服", "工作人员", "调度员", "派单员"),
)


class CitySettings(BaseModel):
    """A city's rules, each with the default of CLOCK-AND-SCORES where that has one.

    Targets, `waiting_limit` and `appeal` are texts as sla.targets.parse_target reads them. Stored settings that this
    version does not know are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    calendar: str = ""  # slug of the city's own calendar: clocks of cases that no department has
    response: str = "2 working days"  # targets of a category that names none, and of triage
    resolution: str = "10 working days"
    waiting_limit: str = "10 working days"  # how long a case waits for the reporter
    confirm_days: int = 10  # elapsed days after which a resolution is confirmed by itself
    reopen_days: int = 30  # elapsed days for which the reporter may reopen a confirmed case
    dispute_supporters: int = 3  # supporters who together dispute a resolution
    appeal: str = "5 working days"  # how long a dispatcher has to decide an appeal, on the city's calendar
    border_metres: int = 50  # how far beyond the city's border a place still belongs to the nearest area
    official_words: list[str] = Field(default_factory=lambda: list(DEFAULT_OFFICIAL_WORDS))
    emergency_phone: str = ""  # shown to whoever writes of danger; "": the city's own number
    danger_words: list[str] = Field(default_factory=list)
    weights: dict[str, float] = Field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    minimums: dict[str, int] = Field(default_factory=lambda: dict(DEFAULT_MINIMUMS))
