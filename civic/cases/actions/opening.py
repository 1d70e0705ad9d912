"""A case begins."""

from datetime import datetime

from tortoise.transactions import in_transaction

from civic import timing
from civic.cases import events, promises
from civic.cases.actors import Actor
from civic.cases.models import Case, Status
from civic.cases.words import PRIORITIES
from civic.db import fetch
from civic.departments.catalogue import CategoryView
from civic.departments.models import Category
from civic.errors import Invalid
from civic.geo.queries import city
from civic.i18n import lazy as _
from civic.jobs.actions import Job, enqueue


def number_of(case_id: int, received: datetime) -> str:
    """What people call the case: the year of its receipt, in the city's zone, and its id."""
    return f"{received:%y}-{case_id}"


async def open_case(
    *,
    category: Category | CategoryView | None,
    area_id: int | None,
    by: Actor,
    priority: str = "normal",
    channel: str,
) -> Case:
    """A case received now: its first event, both its clocks, and the job that routes it."""
    if priority not in PRIORITIES:
        raise Invalid(fields={"priority": _("Please choose a priority.")})
    at, category_id = timing.now(), category.id if category else None
    async with in_transaction():
        response, resolution = await promises.case_clocks(category_id, at)
        case_id = (await fetch("SELECT nextval('case_file_id_seq') AS id"))[0]["id"]
        case = await Case.create(
            id=case_id,
            number=number_of(case_id, (await city()).local(at)),
            status=Status.RECEIVED,
            category_id=category_id,
            area_id=area_id,
            priority=priority,
            received_at=at,
            updated_at=at,
            response_clock_id=response.id,
            resolution_clock_id=resolution.id,
            due_at=promises.next_due(response, resolution),
        )
        code = category.code if category else None
        data = {"category": code, "channel": channel, "priority": priority}
        await events.write(case, "received", by=by, at=at, data=data, new=True)
        await enqueue(Job.ROUTE, {"case": case.id}, key=f"route:{case.id}")
    return case
