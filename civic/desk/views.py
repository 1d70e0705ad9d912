"""The desk: what is due first, a case with everything that can be done with it, the triage, held jobs."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.cases.actors import Actor
from civic.cases.conflicts import CaseChanged
from civic.cases.models import Decline
from civic.cases.words import DECLINES
from civic.departments.queries import catalogue
from civic.desk import deeds, queries
from civic.errors import Conflict, Invalid, NotFound
from civic.geo.queries import areas
from civic.jobs import queries as jobs
from civic.jobs.actions import requeue
from civic.media.links import photo_url
from civic.notifications.queries import for_desk
from civic.posts.taking import take_photos
from civic.web import Who, answer_json, read_form, render, route, row_id, see_other, wants_json


async def _shared(request: Request) -> dict[str, Any]:
    found = await catalogue()
    secret = request.app.state.secret
    return {
        "catalogue": found,
        "by_area": await areas(),
        "photo_url": lambda photo, size: photo_url(photo, size, secret=secret),
    }


async def desk(request: Request) -> Response:
    """The list of the person's departments (`department` narrows it to one), by view: due, mine, new, waiting …"""
    person, query = request.state.person, request.query_params
    found = await catalogue()
    chosen = found.department_by_slug.get(query.get("department", ""))
    departments = queries.desks_of(person, chosen.id if chosen else None, [d.id for d in found.departments])
    view = query.get("view", "due") if query.get("view") in queries.VIEWS else "due"
    queue = await queries.queue(person, departments, view, query.get("page", ""))
    if wants_json(request):
        return answer_json(
            {"counts": queue.counts, "cases": [_row_json(row) for row in queue.rows], "next": queue.next}
        )
    own = [found.department_by_id[i] for i in queries.desks_of(person, None, [d.id for d in found.departments])]
    context = {
        "queue": queue,
        "view": view,
        "chosen": chosen if chosen and chosen.id in departments else None,
        "own": own,
        "messages": await for_desk(person, 5),
        "held": await jobs.held() if person.is_dispatcher else [],
        **await _shared(request),
    }
    return render(request, "desk/list.html", context, fragment="desk/_queue.html")


def _row_json(row: queries.Row) -> dict[str, Any]:
    return {
        "case": row.case_id,
        "number": row.number,
        "status": row.status,
        "part": row.part,
        "heading": row.heading,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "used": row.used,
        "overdue": row.overdue,
    }


async def case(request: Request) -> Response:
    return await _case(request)


async def _case(request: Request, status: int = 200, **more: object) -> Response:
    page = await queries.case_page(request.path_params["id"], request.state.person)
    if wants_json(request):
        body = {"id": page.case.id, "number": page.case.number, "status": page.case.status, "seen": page.seen}
        return answer_json(body, status)
    lead = page.lead or page.mine
    context = {
        "page": page,
        "members": await queries.members((page.mine or lead).department_id) if lead else [],
        "declines": {code.value: DECLINES[code] for code in Decline},
        "errors": {},
        "typed": {},
        "deed": "",
        "changes": [],
        **await _shared(request),
        **more,
    }
    return render(request, "desk/case.html", context, status=status)


def _actor(request: Request, page: queries.CasePage, fields: Mapping[str, str]) -> Actor:
    """For the department whose open stint the person works on; else as what they are. `acting` may name one."""
    person = request.state.person
    mine = page.mine.department_id if page.mine else None
    return Actor.of(person, row_id(fields.get("acting")) or mine)


async def act(request: Request) -> Response:
    """POST /desk/cases/{id}/{deed}: one deed. Refused ones show the page again with what was typed and what changed."""
    deed = deeds.ALL.get(request.path_params["deed"])
    if deed is None:
        raise NotFound()
    form = await read_form(request)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    page = await queries.case_page(request.path_params["id"], request.state.person)
    taken = await take_photos(request, form)
    order = deeds.Order(
        case_id=page.case.id,
        by=_actor(request, page, fields),
        person=request.state.person,
        seen=row_id(fields.get("seen")),
        text=fields.get("text", ""),
        fields=fields,
        photos=taken.photos,
    )
    try:
        if taken.errors:
            raise Invalid(fields=taken.errors)
        await deed(order)
    except (Invalid, Conflict) as error:
        if wants_json(request):
            raise
        changes = error.changes if isinstance(error, CaseChanged) else []
        told = {"errors": error.fields or {"text": error.message}, "changes": changes}
        return await _case(request, error.status, typed=fields, deed=deed.__name__, kept=taken.photos, **told)
    if wants_json(request):
        return await _case(request)
    return see_other((fields.get("back") == "triage" and "/desk/triage") or await _where_next(request, page.case.id))


async def _where_next(request: Request, case_id: int) -> str:
    """Back to the case; to the list if it is no longer this person's to see."""
    try:
        await queries.case_page(case_id, request.state.person)
    except NotFound:
        return "/desk"
    return f"/desk/cases/{case_id}"


async def triage(request: Request) -> Response:
    rows = await queries.triage()
    if wants_json(request):
        return answer_json({"cases": [{"case": r.case_id, "number": r.number, "heading": r.heading} for r in rows]})
    return render(request, "desk/triage.html", {"rows": rows, **await _shared(request)})


async def messages(request: Request) -> Response:
    return render(request, "desk/messages.html", {"messages": await for_desk(request.state.person, 100)})


async def requeue_job(request: Request) -> Response:
    """A held job is tried again."""
    await requeue(request.path_params["id"])
    return see_other("/desk")


routes: list[BaseRoute] = [
    route("/desk", desk, who=Who.STAFF),
    route("/desk/triage", triage, who=Who.DISPATCHER),
    route("/desk/messages", messages, who=Who.STAFF),
    route("/desk/cases/{id:int}", case, who=Who.STAFF),
    # Finer: queries.case_page lets only those in who have to do with the case; each action checks its actor.
    route("/desk/cases/{id:int}/{deed:str}", act, who=Who.STAFF, methods=("POST",)),
    route("/desk/jobs/{id:int}/requeue", requeue_job, who=Who.ADMIN, methods=("POST",)),
]
