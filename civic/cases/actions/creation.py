"""Creating a case."""

from datetime import datetime

from civic import timing
from civic.cases import events, targets
from civic.cases.actors import Actor
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, Priority
from civic.cases.status import Status
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.models import Category
from civic.city.queries import city
from civic.db import fetch, join_transaction, retry_transaction
from civic.errors import Invalid
from civic.i18n import lazy as _
from civic.jobs.actions import Job, enqueue
from civic.sla.actions import INSERT_CLOCKS, clock_values

# Inserts the clocks and takes an id for the case, of which its number is made.
BEGIN = f"""
WITH made AS ({INSERT_CLOCKS})
SELECT nextval('case_file_id_seq') AS case_id, (SELECT id FROM made WHERE kind = 'response') AS response_id,
       (SELECT id FROM made WHERE kind = 'resolution') AS resolution_id
"""


def make_case_number(case_id: int, received: datetime) -> str:
    """Return the case's number: the year of its receipt, in the city's time zone, and its id."""
    return f"{received:%y}-{case_id}"


@retry_transaction
async def open_case(
    *,
    category: Category | CategoryView | None,
    area_id: int | None,
    by: Actor,
    priority: str = "normal",
    channel: str,
    held: bool = False,
) -> Case:
    """Create a case received now, with its first event, both its clocks and the job that routes it.

    One whose report is `held` for a look is routed when it is released (`release`).
    """
    if priority not in set(Priority):
        raise Invalid(fields={"priority": _("Please choose a priority.")})
    at, category_id = timing.now(), category.id if category else None
    response, resolution = await targets.new_case_clocks(category_id, at)
    async with join_transaction():
        [ids] = await fetch(BEGIN, *clock_values(response, resolution))
        case = await Case.create(
            id=ids["case_id"],
            number=make_case_number(ids["case_id"], (await city()).local(at)),
            status=Status.RECEIVED,
            category_id=category_id,
            area_id=area_id,
            priority=priority,
            received_at=at,
            response_clock_id=ids["response_id"],
            resolution_clock_id=ids["resolution_id"],
            due_at=targets.find_next_due(response, resolution),
            unreleased=held,
        )
        code = category.code if category else None
        data = {"category": code, "channel": channel, "priority": priority}
        await events.write_event(case, EventKind.RECEIVED, by=by, at=at, data=data, new=True)
        if not held:
            await _ask_for_department(case)
    return case


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


async def _ask_for_department(case: Case) -> None:
    await enqueue(Job.ROUTE, {"case": case.id}, key=f"route:{case.id}")
