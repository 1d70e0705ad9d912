"""How a clock stands: which share of its time is used, and how late it is, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from civic import timing
from civic.sla.models import Clock
from civic.sla.queries import working_calendar
from civic.sla.targets import Unit, describe_amount, parse_target, used_share

DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class ClockSnapshot:
    """A clock's row, as far as it is shown. `due_at` is None while it is paused, `stopped_at` while it runs.

    `promised_at` is None where no date was promised yet; `computed`: of imported history, by today's targets.
    """

    kind: str  # response, resolution
    target: str
    allowance: float
    started_at: datetime
    due_at: datetime | None
    remaining: float | None
    stopped_at: datetime | None
    calendar_id: int
    promised_at: datetime | None
    computed: bool

    @classmethod
    def of(cls, clock: Clock) -> "ClockSnapshot":
        return cls(*(getattr(clock, name) for name in cls.__slots__))

    async def used(self) -> float:
        """The share of its allowance that is used, or was when it stopped; more than 1 is late."""
        if self.due_at is None:
            return 1 - (self.remaining or 0) / self.allowance if self.allowance else 1.0
        calendar = await working_calendar(self.calendar_id)
        until = self.stopped_at or timing.now()
        target = parse_target(self.target)
        return used_share(target, self.started_at, self.due_at, until, calendar, allowance=self.allowance)


@dataclass(frozen=True, slots=True)
class SlaStatus:
    """`words` for the reader; `used` is the share of the time for the next target (None: no bar)."""

    words: str
    used: float | None = None
    look: str = ""  # of the bar: over, done, paused; empty: as `used` says
    target: str = ""  # in words, while its clock runs


async def describe_lateness(clock: ClockSnapshot, used: float) -> str:
    """How late, in the unit of the target: "1 working day", "3 hours". Rounded down; "" for less than an hour."""
    if clock.due_at is None:
        return ""
    unit = parse_target(clock.target).unit
    late = max(0.0, used - 1) * clock.allowance
    day = await _day_seconds(clock, clock.due_at) if unit.works else DAY_SECONDS
    if late >= day and (unit.counts_days or late >= 2 * day):
        return describe_amount(Decimal(int(late // day)), Unit.WORKING_DAYS if unit.works else Unit.DAYS)
    hours = Decimal(int(late // 3600))
    return describe_amount(hours, Unit.WORKING_HOURS if unit.works else Unit.HOURS) if hours else ""


async def _day_seconds(clock: ClockSnapshot, due_at: datetime) -> float:
    """Opening seconds of the day that ends with the due instant; never 0."""
    calendar = await working_calendar(clock.calendar_id)
    return calendar.working_seconds(due_at - timedelta(days=1), due_at) or DAY_SECONDS
