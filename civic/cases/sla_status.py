"""How a case stands with its targets, in words: on cards, and at the top of a report's page.

Only the case's own clocks count here; those of its assignments measure the departments.
"""

from datetime import datetime
from typing import Protocol

from civic import timing
from civic.cases.models import Case, DeclineReason
from civic.cases.status import Status
from civic.formats import duration, soon
from civic.i18n import gettext as _
from civic.sla.status import ClockSnapshot, SlaStatus, describe_lateness
from civic.sla.targets import parse_target


class CaseProgress(Protocol):
    """A case, or a report's card with the same columns of its case."""

    @property
    def status(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def resolved_at(self) -> datetime | None: ...
    @property
    def confirmed_by(self) -> str: ...
    @property
    def declined_reason(self) -> str: ...


def name_overdue_promise(overdue: bool, first_word_at: datetime | None) -> str:
    """Which promise of a case is overdue: the "response" until the first word, then the "resolution"; "" for none."""
    if not overdue:
        return ""
    return "response" if first_word_at is None else "resolution"


async def describe_sla_status(case: CaseProgress, clock: ClockSnapshot) -> SlaStatus:
    """What to say of the case's targets. `clock` is that of the response until the first public word, then of the
    resolution.
    """
    if case.status == Status.DECLINED:
        return SlaStatus(_("Declined: %(reason)s", reason=DeclineReason(case.declined_reason).label))
    if not Status(case.status).is_open:
        return await _ended(case, clock)
    if clock.promised_at is None:
        return SlaStatus(_("A department is being found"))
    if clock.computed:
        return SlaStatus("")  # nothing was promised: the history comes from another system
    used = await clock.used()
    if clock.due_at is None:
        return SlaStatus(_("Waiting for the reporter's answer"), used, "paused")
    if clock.due_at < timing.now():
        return SlaStatus(await describe_late_promise(clock, used), used, "over")
    if case.status == Status.RECEIVED and clock.kind == "response":
        words = _("Being assigned to a department; answer due %(when)s", when=soon(clock.due_at))
    elif case.status == Status.RECEIVED:
        words = _("Being assigned to a department; solution due %(when)s", when=soon(clock.due_at))
    elif clock.kind == "response":
        words = _("Answer due %(when)s", when=soon(clock.due_at))
    else:
        words = _("Answered; solution due %(when)s", when=soon(clock.due_at))
    return SlaStatus(words, used, target=parse_target(clock.target).describe())


def clock_that_matters(case: Case) -> ClockSnapshot:
    """The case's clock to be kept next: of the response until the first public word, then of the resolution."""
    unanswered = case.first_word_at is None and case.resolved_at is None
    return ClockSnapshot.of(case.response_clock if unanswered else case.resolution_clock)


async def describe_late_promise(clock: ClockSnapshot, used: float) -> str:
    """Which promise is late, and by how much."""
    time = await describe_lateness(clock, used)
    if clock.kind == "response":
        return _("Answer %(time)s late", time=time) if time else _("The answer just became late")
    return _("Solution %(time)s late", time=time) if time else _("The solution just became late")


async def _ended(case: CaseProgress, clock: ClockSnapshot) -> SlaStatus:
    if case.resolved_at is None:
        return SlaStatus("")
    took = duration((case.resolved_at - case.received_at).total_seconds())
    if case.status == Status.RESOLVED:
        words = _("Solved in %(time)s, waiting for the reporter to confirm", time=took)
    elif case.confirmed_by == "time":
        words = _("Solved in %(time)s, not disputed", time=took)
    else:
        words = _("Solved in %(time)s, confirmed", time=took)
    used = await clock.used()
    return SlaStatus(words, used, "over" if used > 1 else "done")
