"""The desk: what is due first, a case with everything that can be done with it, the triage, held jobs."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.cases.allowed_actions import CaseAction
from civic.cases.conflicts import CaseChanged
from civic.cases.models import DeclineReason, ObjectionOutcome
from civic.cases.objections import list_open_objections
from civic.catalogue.filters import read_city_filters
from civic.catalogue.queries import catalogue
from civic.desk import commands, queries
from civic.desk import queue as lists
from civic.desk.appeals import load_appeals
from civic.desk.departments import list_options
from civic.desk.fragments import render_lines
from civic.desk.schemas import (
    AppealsAnswer,
    DeskCaseAnswer,
    DeskMessageAnswer,
    DeskMessagesAnswer,
    QueueAnswer,
    RequeuedAnswer,
    TriageAnswer,
)
from civic.desk.sql import MAX_NOTICES
from civic.desk.triage import find_assigned, load_triage
from civic.disk import report_full_storage
from civic.errors import Conflict, Invalid, NotFound, StorageFull, TooMany
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.jobs import queries as jobs
from civic.jobs.actions import requeue
from civic.media.links import photo_url
from civic.notifications.queries import list_desk_messages, list_kept_desk_messages
from civic.posts.models import REASONS
from civic.posts.submission import Submission
from civic.posts.uploads import drop_added
from civic.reports.choices import choices
from civic.search.queries import find_on_desk
from civic.search.schemas import SearchAnswer
from civic.search.views import SearchScope, answer_search
from civic.sla.coverage import holiday_gaps
from civic.web import Who, json_answer, parse_id, read_form, render, route, see_other, text_fields, wants_json

MAX_SHOWN_OBJECTIONS = 200


async def _shared(request: Request) -> dict[str, object]:
    offered = await catalogue()
    secret = request.app.state.secret
    return {
        "catalogue": offered,
        "by_area": await areas(),
        "choices": await choices(),
        "photo_url": lambda photo, size: photo_url(photo, size, secret=secret),
    }


async def desk(request: Request) -> Response:
    """The list of the person's departments (`department` narrows it to one), by view: due, mine, new, waiting …"""
    person, query = request.state.person, request.query_params
    offered = await catalogue()
    asked = read_city_filters({"department": query.get("department", "")}, offered, await areas())
    if asked.unknown and wants_json(request):
        raise Invalid(fields=asked.unknown)
    chosen = asked.department
    everyone = [one.id for one in offered.every_department]  # also what one that left the pack still holds
    departments = [] if asked.unknown else lists.select_desks(person, chosen.id if chosen else None, everyone)
    # A dispatcher who chooses none has the whole city's list.
    asked_for = None if person.is_dispatcher and departments is everyone else departments
    view, q = query.get("view", ""), query.get("q", "")[:200]
    view = view if view in lists.VIEWS else "due"
    queue = await lists.load_queue(person, asked_for, view, q=q, after=query.get("page", ""))
    if wants_json(request):
        return json_answer(QueueAnswer.of(queue))
    own = [
        offered.department_by_id[one] for one in lists.select_desks(person, None, [d.id for d in offered.departments])
    ]
    shared, waiting = await _shared(request), queue.waiting
    context = {
        "queue": queue,
        "lines": render_lines(request, queue.rows, shared),
        "view": view,
        "q": q,
        "unknown": asked.unknown,
        "chosen": chosen if chosen and chosen.id in departments else None,
        "own": own,
        "department_options": list_options(request.state.city.version, own, chosen),
        "messages": await list_kept_desk_messages(person, MAX_NOTICES, queue.notices),
        "held": await jobs.list_held() if waiting.held_jobs else [],
        "gaps": await holiday_gaps() if person.is_dispatcher else [],
        "appeals": waiting.appeals,
        "to_moderate": waiting.to_moderate,
        "done": _("There is no other case on this desk.") if query.get("done") == "all" else _done(request),
        **shared,
    }
    return render(request, "desk/list.html", context, fragment="desk/_queue.html")


def _done(request: Request) -> str:
    """What the action has done that led here; "" if none did."""
    return commands.describe_done(request.query_params.get("done", ""))


async def case(request: Request) -> Response:
    sent = await Submission.of_page(request)
    return await _case(request, sent, typed=sent.typed, command=sent.name, kept=sent.uploads.photos)


async def next_case(request: Request) -> Response:
    """On to the case after `after`, a position on the list of the person's desks, that is not `case`."""
    person, query = request.state.person, request.query_params
    departments = None if person.is_dispatcher else sorted(person.departments)
    this = parse_id(query.get("case")) or 0
    found = await lists.find_next_case(person, departments, query.get("after", ""), this)
    return see_other(f"/desk/cases/{found}" if found else "/desk?done=all")


async def _case(request: Request, sent: Submission, status: int = 200, **more: object) -> Response:
    before = parse_id(request.query_params.get("before"))
    page = await queries.load_case_page(request.path_params["id"], request.state.person, before)
    if wants_json(request):
        return json_answer(DeskCaseAnswer.of(page), status)
    in_hand = page.in_hand
    context = {
        "page": page,
        "moderation_reasons": REASONS,
        "members": await queries.list_members(in_hand.department_id) if in_hand else [],
        "declines": {reason.value: reason.label for reason in DeclineReason},
        "objection_outcomes": {outcome.value: outcome.label for outcome in ObjectionOutcome},
        "errors": {},
        "typed": {},
        "command": "",
        "changes": [],
        "done": _done(request),
        "position": request.query_params.get("from") or page.position,
        "sent": sent,
        **await _shared(request),
        **more,
    }
    return render(request, "desk/case.html", context, status=status)


async def act(request: Request) -> Response:
    """POST /desk/cases/{id}/{command}: one action. A refused form is shown again, with its text and what changed."""
    case_id, person = request.path_params["id"], request.state.person
    try:
        action = CaseAction(request.path_params["command"])
        command = commands.COMMANDS[action]
    except (ValueError, KeyError):
        raise NotFound() from None
    form = await read_form(request)
    fields = text_fields(form)
    access = await queries.may_work_on(case_id, person, parse_id(fields.get("acting")))
    sent = Submission(request, form)
    await sent.take_photos()
    order = commands.CaseCommand(
        case_id=case_id,
        by=access.actor(action),
        person=person,
        seen=parse_id(fields.get("seen")),
        text=fields.get("text", ""),
        fields=fields,
        photos=sent.uploads.photos,
    )
    try:
        if sent.uploads.errors:
            raise Invalid(fields=sent.uploads.errors)
        with report_full_storage():
            await sent.act_once(lambda _held: command(order))
    except (Invalid, Conflict, TooMany, StorageFull) as error:
        if isinstance(error, StorageFull):
            await drop_added(request, sent.uploads)
        if wants_json(request):
            raise
        sent.error = error
        changes = error.changes if isinstance(error, CaseChanged) else []
        errors = error.fields or {"text": error.message}
        context = {
            "typed": fields,
            "command": action,
            "kept": sent.uploads.photos,
            "errors": errors,
            "changes": changes,
        }
        return await _case(request, sent, error.status, **context)
    if wants_json(request):
        return await _case(request, sent)
    return see_other(await _next_page(order, action, fields))


async def _next_page(order: commands.CaseCommand, action: CaseAction, fields: Mapping[str, str]) -> str:
    """Back to the triage, or to the case; to the list if the case is no longer this person's to see.

    The page says what was done, and keeps the place on the list from which the case was opened.
    """
    if fields.get("back") == "triage":
        return f"/desk/triage?done={action}&case={order.case_id}"
    try:
        await queries.may_work_on(order.case_id, order.person)
    except NotFound:
        return f"/desk?done={action}"
    return f"/desk/cases/{order.case_id}?" + urlencode({"done": action, "from": fields.get("from", "")[:80]})


async def triage(request: Request) -> Response:
    page = await load_triage(request.query_params.get("page", ""), (await catalogue()).department_by_slug)
    if wants_json(request):
        return json_answer(TriageAnswer.of(page))
    given = await find_assigned(parse_id(request.query_params.get("case"))) if _done(request) else None
    return render(request, "desk/triage.html", {"page": page, "given": given, **await _shared(request)})


async def appeals(request: Request) -> Response:
    page = await load_appeals(request.query_params.get("page", ""))
    objections = await list_open_objections(MAX_SHOWN_OBJECTIONS)
    if wants_json(request):
        return json_answer(AppealsAnswer.of(page, objections))
    context = {"page": page, "objections": objections, **await _shared(request)}
    return render(request, "desk/appeals.html", context)


async def search(request: Request) -> Response:
    """Cases by any word in them, internal ones too: for departments that have or had them, and for dispatchers."""
    person = request.state.person
    readers = None if person.is_dispatcher else tuple(sorted(person.departments))
    return await answer_search(request, SearchScope("/desk/search", find_on_desk, desk=True, readers=readers))


async def messages(request: Request) -> Response:
    desk_messages = await list_desk_messages(request.state.person, 100)
    if wants_json(request):
        answers = [DeskMessageAnswer(subject=m.subject, body=m.body, url=m.url, at=m.at) for m in desk_messages]
        return json_answer(DeskMessagesAnswer(messages=answers))
    return render(request, "desk/messages.html", {"messages": desk_messages})


async def requeue_job(request: Request) -> Response:
    """A held job is tried again."""
    await requeue(request.path_params["id"])
    if wants_json(request):
        return json_answer(RequeuedAnswer())
    return see_other("/desk")


routes: list[BaseRoute] = [
    route("/desk", desk, who=Who.STAFF, answers=QueueAnswer),
    route("/desk/triage", triage, who=Who.DISPATCHER, answers=TriageAnswer),
    route("/desk/appeals", appeals, who=Who.DISPATCHER, answers=AppealsAnswer),
    route("/desk/search", search, who=Who.STAFF, answers=SearchAnswer),
    route("/desk/messages", messages, who=Who.STAFF, answers=DeskMessagesAnswer),
    route("/desk/next", next_case, who=Who.STAFF),
    route("/desk/cases/{id:int}", case, who=Who.STAFF, answers=DeskCaseAnswer),
    # Finer: queries.may_work_on lets only those in who have to do with the case; each action checks its actor.
    route(
        "/desk/cases/{id:int}/{command:str}",
        act,
        who=Who.STAFF,
        methods=("POST",),
        answers=DeskCaseAnswer,
        photos=True,
    ),
    route("/desk/jobs/{id:int}/requeue", requeue_job, who=Who.ADMIN, methods=("POST",), answers=RequeuedAnswer),
]
