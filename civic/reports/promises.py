"""How a case stands with what was promised, in words: on cards, and at the top of a report's page.

Only the case's own clocks are meant: what a department holds a case for is its assignment's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from civic import timing
from civic.cases.models import DeclineReason
from civic.cases.status import OPEN, Status
from civic.formats import duration, soon
from civic.i18n import gettext as _
from civic.sla.queries import working_calendar
from civic.sla.targets import Unit, describe_amount, parse_target, used_share

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Running:
    """A clock's row, as far as it is shown. `due_at` is None while it is paused, `stopped_at` while it runs."""

    kind: str  # response, resolution
    target: str
    allowance: float
    started_at: datetime
    due_at: datetime | None
    remaining: float | None
    stopped_at: datetime | None
    calendar_id: int

    @classmethod
    def of(cls, clock: Any) -> "Running":
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
class Standing:
    """`words` for the reader; `used` of the promise to be kept next (None: no bar); `look` of the bar."""

    words: str
    used: float | None = None
    look: str = ""  # over, done, paused; empty: as `used` says
    target: str = ""  # of which that share is used, while it runs


async def standing(case: Any, clock: Running) -> Standing:
    """`case` has status, received_at, resolved_at, confirmed_by, declined_reason; `clock` is the one that matters:
    of the response until the first word, then of the resolution."""
    if case.status == Status.DECLINED:
        return Standing(_("Declined: %(reason)s", reason=DeclineReason(case.declined_reason).label))
    if case.status not in OPEN:
        return await _ended(case, clock)
    used = await clock.used()
    if clock.due_at is None:
        return Standing(_("Waiting for the reporter's answer"), used, "paused")
    if clock.due_at < timing.now():
        return Standing(await _late(clock, used), used, "over")
    if case.status == Status.RECEIVED:
        words = _("Being assigned to a department")
    elif clock.kind == "response":
        words = _("Answer due %(when)s", when=soon(clock.due_at))
    else:
        words = _("Answered; solution due %(when)s", when=soon(clock.due_at))
    return Standing(words, used, target=parse_target(clock.target).describe())


async def _late(clock: Running, used: float) -> str:
    time = await lateness(clock, used)
    return _("%(time)s late", time=time) if time else _("Just became late")


async def _ended(case: Any, clock: Running) -> Standing:
    if case.resolved_at is None:
        return Standing("")
    took = duration((case.resolved_at - case.received_at).total_seconds())
    if case.status == Status.RESOLVED:
        words = _("Solved in %(time)s, waiting for the reporter to confirm", time=took)
    elif case.confirmed_by == "time":
        words = _("Solved in %(time)s, not disputed", time=took)
    else:
        words = _("Solved in %(time)s, confirmed", time=took)
    used = await clock.used()
    return Standing(words, used, "over" if used > 1 else "done")


async def lateness(clock: Running, used: float) -> str:
    """How late, in the kind of time that was promised: "1 working day", "3 hours"; rounded down, "" for less."""
    if clock.due_at is None:
        return ""
    unit = parse_target(clock.target).unit
    late = max(0.0, used - 1) * clock.allowance
    day = await _day(clock, clock.due_at) if unit.works else DAY
    if late >= day and (unit.counts_days or late >= 2 * day):
        return describe_amount(Decimal(int(late // day)), Unit.WORKING_DAYS if unit.works else Unit.DAYS)
    hours = Decimal(int(late // 3600))
    return describe_amount(hours, Unit.WORKING_HOURS if unit.works else Unit.HOURS) if hours else ""


async def _day(clock: Running, due_at: datetime) -> float:
    """Opening seconds of the day that ends with the due instant; never nothing."""
    calendar = await working_calendar(clock.calendar_id)
    return calendar.working_seconds(due_at - timedelta(days=1), due_at) or DAY
