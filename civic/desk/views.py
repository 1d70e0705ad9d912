"""The desk: what is due first, a case with everything that can be done with it, the triage, held jobs."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.cases.actors import Actor
from civic.cases.conflicts import CaseChanged
from civic.cases.models import DeclineReason
from civic.catalogue.queries import catalogue
from civic.desk import commands, queries
from civic.desk import queue as lists
from civic.errors import Conflict, Invalid, NotFound
from civic.geo.queries import areas
from civic.jobs import queries as jobs
from civic.jobs.actions import requeue
from civic.media.links import photo_url
from civic.notifications.queries import MessageView, list_desk_messages
from civic.posts.uploads import Uploads, read_uploads
from civic.reports.choices import choices
from civic.reports.pages import line_json
from civic.search.queries import find_on_desk
from civic.search.views import SearchScope, answer_search
from civic.web import Who, answer_json, parse_id, read_form, render, route, see_other, text_fields, wants_json


async def _shared(request: Request) -> dict[str, Any]:
    found = await catalogue()
    secret = request.app.state.secret
    return {
        "catalogue": found,
        "by_area": await areas(),
        "choices": await choices(),
        "photo_url": lambda photo, size: photo_url(photo, size, secret=secret),
    }


async def desk(request: Request) -> Response:
    """The list of the person's departments (`department` narrows it to one), by view: due, mine, new, waiting …"""
    person, query = request.state.person, request.query_params
    found = await catalogue()
    chosen = found.department_by_slug.get(query.get("department", ""))
    everyone = [one.id for one in found.every_department]  # also what one that left the pack still holds
    departments = lists.select_desks(person, chosen.id if chosen else None, everyone)
    view, q = query.get("view", ""), query.get("q", "")[:200]
    view = view if view in lists.VIEWS else "due"
    queue = await lists.load_queue(person, departments, view, q=q, after=query.get("page", ""))
    if wants_json(request):
        return answer_json(
            {"counts": queue.counts, "cases": [_row_json(row) for row in queue.rows], "next": queue.next or None}
        )
    own = [found.department_by_id[one] for one in lists.select_desks(person, None, [d.id for d in found.departments])]
    context = {
        "queue": queue,
        "view": view,
        "q": q,
        "chosen": chosen if chosen and chosen.id in departments else None,
        "own": own,
        "messages": await list_desk_messages(person, 5),
        "held": await jobs.list_held() if person.is_dispatcher else [],
        **await _shared(request),
    }
    return render(request, "desk/list.html", context, fragment="desk/_queue.html")


def _row_json(row: lists.QueueRow) -> dict[str, Any]:
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
    page = await queries.load_case_page(request.path_params["id"], request.state.person)
    if wants_json(request):
        return answer_json(_case_json(page), status)
    lead = page.lead or page.mine
    context = {
        "page": page,
        "members": await queries.list_members((page.mine or lead).department_id) if lead else [],
        "declines": {reason.value: reason.label for reason in DeclineReason},
        "errors": {},
        "typed": {},
        "deed": "",
        "changes": [],
        **await _shared(request),
        **more,
    }
    return render(request, "desk/case.html", context, status=status)


def _case_json(page: queries.CasePage) -> dict[str, Any]:
    """What a department's own program needs to go on with a case; `seen` goes with its next deed."""
    lead = page.lead
    return {
        "id": page.case.id,
        "number": page.case.number,
        "status": page.case.status,
        "seen": page.seen,
        "priority": page.case.priority,
        "counted": page.case.counted,
        "department": lead.department if lead else None,
        "due_at": lead.due_at.isoformat() if lead and lead.due_at else None,
        "overdue": page.overdue,
        "merged_into": page.into["id"] if page.into else None,
        "reports": [{"id": r.id, "text": r.text, "lat": r.lat, "lon": r.lon, "main": r.main} for r in page.reports],
        "assignments": [
            {"id": s.id, "department": s.department, "part": s.part, "outcome": s.outcome, "assignee": s.assignee_id}
            for s in page.assignments
        ],
        "timeline": [line_json(line) | {"internal": line.internal} for line in page.timeline],
    }


def _actor(request: Request, page: queries.CasePage, fields: Mapping[str, str]) -> Actor:
    """For the department whose open assignment the person works on; else as what they are. `acting` may name one."""
    person = request.state.person
    mine = page.mine.department_id if page.mine else None
    return Actor.of(person, parse_id(fields.get("acting")) or mine)


async def act(request: Request) -> Response:
    """POST /desk/cases/{id}/{deed}: one deed. Refused ones show the page again with what was typed and what changed."""
    deed = commands.COMMANDS.get(request.path_params["deed"])
    if deed is None:
        raise NotFound()
    form = await read_form(request)
    fields = text_fields(form)
    page = await queries.load_case_page(request.path_params["id"], request.state.person)
    taken = Uploads()
    await read_uploads(request, form, taken)
    order = commands.CaseCommand(
        case_id=page.case.id,
        by=_actor(request, page, fields),
        person=request.state.person,
        seen=parse_id(fields.get("seen")),
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
        await queries.load_case_page(case_id, request.state.person)
    except NotFound:
        return "/desk"
    return f"/desk/cases/{case_id}"


async def triage(request: Request) -> Response:
    page = await queries.load_triage(request.query_params.get("page", ""))
    if wants_json(request):
        return answer_json(
            {"count": page.count, "cases": [_triaged_json(one) for one in page.rows], "next": page.next or None}
        )
    return render(request, "desk/triage.html", {"page": page, **await _shared(request)})


def _triaged_json(one: queries.TriageRow) -> dict[str, Any]:
    return {
        "case": one.case_id,
        "number": one.number,
        "heading": one.heading,
        "seen": one.events_count,
        "suggestions": [suggestion["department"]["slug"] for suggestion in one.suggestions],
    }


async def search(request: Request) -> Response:
    """Cases by any word in them, internal ones too: for departments that have or had them, and for dispatchers."""
    person = request.state.person
    readers = None if person.is_dispatcher else tuple(sorted(person.departments))
    return await answer_search(request, SearchScope("/desk/search", find_on_desk, desk=True, readers=readers))


async def messages(request: Request) -> Response:
    told = await list_desk_messages(request.state.person, 100)
    if wants_json(request):
        return answer_json({"messages": [_message_json(one) for one in told]})
    return render(request, "desk/messages.html", {"messages": told})


def _message_json(one: MessageView) -> dict[str, Any]:
    return {"subject": one.subject, "body": one.body, "url": one.url, "at": one.at.isoformat()}


async def requeue_job(request: Request) -> Response:
    """A held job is tried again."""
    await requeue(request.path_params["id"])
    if wants_json(request):
        return answer_json({"requeued": True})
    return see_other("/desk")


routes: list[BaseRoute] = [
    route("/desk", desk, who=Who.STAFF),
    route("/desk/triage", triage, who=Who.DISPATCHER),
    route("/desk/search", search, who=Who.STAFF),
    route("/desk/messages", messages, who=Who.STAFF),
    route("/desk/cases/{id:int}", case, who=Who.STAFF),
    # Finer: queries.case_page lets only those in who have to do with the case; each action checks its actor.
    route("/desk/cases/{id:int}/{deed:str}", act, who=Who.STAFF, methods=("POST",)),
    route("/desk/jobs/{id:int}/requeue", requeue_job, who=Who.ADMIN, methods=("POST",)),
]
