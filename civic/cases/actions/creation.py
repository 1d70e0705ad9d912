"""Creating a case."""

from collections.abc import Sequence
from datetime import datetime

from civic import timing
from civic.cases import events, targets
from civic.cases.actors import Actor
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent, Priority
from civic.cases.status import Status
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.models import Category
from civic.city.queries import city
from civic.db import retry_transaction
from civic.errors import Conflict, Invalid
from civic.i18n import lazy as _
from civic.jobs.actions import Job, add_job, enqueue
from civic.sla.models import Clock
from civic.writes import Writes

CASE_ROWS = (Case, Clock, Clock, CaseEvent)  # of which a new case needs ids


def make_case_number(case_id: int, received: datetime) -> str:
    """Return the case's number: the year of its receipt, in the city's time zone, and its id."""
    return f"{received:%y}-{case_id}"


async def add_case(
    writes: Writes,
    ids: Sequence[int],
    *,
    category: Category | CategoryView | None,
    area_id: int | None,
    by: Actor,
    priority: str = "normal",
    channel: str,
    held: bool = False,
) -> CaseEvent:
    """Add to `writes` a case received now, with both its clocks, its first event and the job that routes it.

    `ids` are those of CASE_ROWS. One whose report is `held` for a look is routed when it is released (`release`).
    Returns the event, which has the case.
    """
    if priority not in set(Priority):
        raise Invalid(fields={"priority": _("Please choose a priority.")})
    at, case_id = timing.now(), ids[0]
    response, resolution = await targets.new_case_clocks(category.id if category else None, at)
    response.id, resolution.id = ids[1], ids[2]
    case = Case(
        id=case_id,
        number=make_case_number(case_id, (await city()).local(at)),
        status=Status.RECEIVED,
        category_id=category.id if category else None,
        area_id=area_id,
        priority=priority,
        received_at=at,
        due_at=targets.find_next_due(response, resolution),
        unreleased=held,
    )
    case.response_clock, case.resolution_clock = response, resolution
    data = {"category": category.code if category else None, "channel": channel, "priority": priority}
    event = events.append_event(case, EventKind.RECEIVED, by=by, at=at, department=None, data=data, new=True)
    event.id, event.case = ids[3], case
    writes.insert(response, resolution)
    writes.insert(case)
    writes.insert(event)
    if not held:
        add_job(writes, Job.ROUTE, {"case": case_id}, key=_route_key(case_id))
    return event


@retry_transaction
async def release(case_id: int, by: Actor) -> None:
    """Let the router have a case whose report was held, as a moderator has looked at it. It happens once.

    The citizen's promise counts from the receipt. A department's time counts from now: it could not know of the case.
    """
    async with changing(case_id, by) as change:
        if not change.case.unreleased:
            return
        change.case.unreleased = False
        await change.record_event(EventKind.CHECKED)
        await _ask_for_department(change.case)


@retry_transaction
async def join(case_id: int, by: Actor, report_id: int) -> None:
    """Note in the history that one more report of the same problem has come."""
    async with changing(case_id, by) as change:
        await change.record_event(EventKind.JOINED, data={"report": report_id})


@retry_transaction
async def note_photos(case_id: int, by: Actor, count: int) -> None:
    """Note in the history that the reporter added photos. Raises Conflict for a case that is closed."""
    async with changing(case_id, by) as change:
        if not change.case.status.is_open:
            raise Conflict(str(_("This case is closed.")))
        await change.record_event(EventKind.PHOTOS_ADDED, data={"count": count})


async def _ask_for_department(case: Case) -> None:
    await enqueue(Job.ROUTE, {"case": case.id}, key=_route_key(case.id))


def _route_key(case_id: int) -> str:
    return f"route:{case_id}"
