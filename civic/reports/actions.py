"""Posting a report, and what its author and supporters say of the case later."""

from collections.abc import Sequence

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from civic import timing
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent
from civic.cases.status import Status
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import execute, fetch
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.notifications import actions as notifications
from civic.posts import actions as posts
from civic.posts.actions import Posted
from civic.posts.models import Post, Visibility, Vote
from civic.posts.queries import Viewer, about_post, area_id_at, email_is_known
from civic.posts.receipts import NO_CODES, SenderCodes
from civic.reports.confirmation import send_receipt
from civic.reports.forms import ReportForm
from civic.reports.models import KIND, Doubt, Report
from civic.reports.queries import report_of_author
from civic.routing.actions import record_faults
from civic.routing.queries import Facts, decide

REPORTERS = """
SELECT p.id, p.author_id, p.email, p.email_confirmed_at IS NOT NULL AS confirmed, p.language, p.path
FROM report r JOIN post p ON p.id = r.post_id
WHERE r.case_id = $1 AND (p.author_id IS NOT NULL OR p.email <> '')
"""
ADD_DOUBT = """
INSERT INTO doubt (case_id, user_id, resolved_at, text, at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


async def post_report(
    form: ReportForm,
    author: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    codes: SenderCodes = NO_CODES,
) -> Posted[Report]:
    """The report, its case with both clocks, the first line of its history and the job that routes it: all or nothing.

    The same `client_key` twice is one report. Raises Invalid (field "place") outside of the city, and Conflict if the
    key was used for another text.
    """
    area_id = await area_id_at(form.lat, form.lon)

    async def create() -> Posted[Report]:
        return await _create_report(form, author, photos, channel, codes, area_id)

    async def find(post: Post) -> Report | None:
        return await Report.get_or_none(post_id=post.id) if post.text == form.text else None

    return await posts.post_once(form.client_key, create, find, author, codes)


async def _create_report(
    form: ReportForm, author: Person, photos: Sequence[Photo], channel: str, codes: SenderCodes, area_id: int | None
) -> Posted[Report]:
    category = form.category
    new_post = posts.NewPost(
        kind=KIND,
        text=form.text,
        title=form.title,
        email=form.email,
        email_confirmed=await email_is_known(form.email, codes.held),
        language=language(),
        channel=channel,
        client_key=form.client_key,
        private=category is not None and not category.public,
        photos=photos,
        receipt=codes.new,
    )
    post, code = await posts.create_post(new_post, author)
    case = await cases.open_case(category=category, area_id=area_id, by=Actor.reporter(author), channel=channel)
    report = await Report.create(
        post_id=post.id,
        case_id=case.id,
        category_id=category.id if category else None,
        area_id=area_id,
        lat=form.lat,
        lon=form.lon,
        located_by=form.located_by,
        address=form.address,
        answers=form.answers,
    )
    await posts.set_path(post, f"/reports/{report.id}")
    if code and form.email:
        await send_receipt(post, case.number, code)
    return Posted(post, report, code)


async def route_case(case_id: int) -> bool:
    """Assign a received case to the department that `decide` finds, else send it to triage, with the reason.

    False if somebody else has assigned it already.
    """
    case = await Case.get_or_none(id=case_id)
    if case is None or case.status != Status.RECEIVED or case.department_id is not None:
        return False
    report = await Report.filter(case_id=case_id, main=True).select_related("post").first()
    if report is None:
        return False
    facts = await _facts(case, report)
    decision = await decide(facts)
    await record_faults(decision, facts)
    try:
        if decision.department_id is None:
            await cases.send_to_triage(case_id, reason=decision.reason)
        else:
            await cases.assign(
                case_id,
                decision.department_id,
                by=SYSTEM,
                reason=decision.reason,
                support=decision.support,
                priority=decision.priority,
            )
    except Conflict:
        return False
    return True


async def _facts(case: Case, report: Report) -> Facts:
    category = (await catalogue()).category_by_id.get(case.category_id or 0)
    return Facts(
        category=category.code if category else None,
        areas=tuple(area.slug for area in (await areas()).path(case.area_id)),
        text=f"{report.post.title}\n{report.post.text}".strip(),
        answers=report.answers,
        channel=report.post.channel,
        at=(await city()).local(case.received_at),
    )


async def notify_reporters(event_id: int) -> int:
    """Notify the authors of a case's reports of an event, each once; the number of new messages."""
    event = await CaseEvent.get_or_none(id=event_id).select_related("case", "department")
    if event is None or event.internal:
        return 0
    names = await _department_of(event)
    notified = 0
    rows = await fetch(
        REPORTERS,
        event.case_id,
    )
    for row in rows:
        async with in_transaction():
            notified += await notifications.notify(
                f"event:{event.id}:post:{row['id']}",
                EventKind(event.kind).reporter_message,
                user_id=row["author_id"],
                email="" if row["author_id"] else row["email"],
                about=about_post(row["id"]),
                confirmed=row["confirmed"],
                language=row["language"],
                values={
                    "number": event.case.number,
                    "department": names,
                    "text": event.text,
                    "events": event.seq,
                    "hash": bytes(event.hash).hex(),
                },
                url=row["path"],
            )
    return notified


async def _department_of(event: CaseEvent) -> dict[str, str]:
    """The names of the department that got the case, else of the one that acted."""
    receiver = (await catalogue()).department_by_slug.get(event.data.get("department") or "")
    if event.kind == EventKind.ASSIGNED and receiver is not None:
        return receiver.names
    return event.department.names if event.department else {}


async def merge_reports(case_id: int, into_id: int, *, by: Actor, seen: int | None, text: str) -> None:
    """Merge a case into another: its reports move along with their votes, photos and authors; nobody's post is lost.

    Raises Invalid (field "into") if only one of the two is private: everybody would read what was said in private.
    """
    async with in_transaction():
        if await _is_private(case_id) != await _is_private(into_id):
            raise Invalid(fields={"into": _("One of the two is not public: they cannot be merged.")})
        await cases.merge(case_id, into_id, by=by, seen=seen, text=text)
        await Report.filter(case_id=case_id).update(case_id=into_id, main=False)


async def _is_private(case_id: int) -> bool:
    posts_of_case = Post.filter(report__case_id=case_id)
    return await posts_of_case.filter(
        Q(visibility=Visibility.PRIVATE) | Q(visibility_before=Visibility.PRIVATE)
    ).exists()


async def recategorise(case_id: int, category: CategoryView, *, by: Actor, seen: int | None = None) -> None:
    """Change the category of a case. If the new one is not public, the case's reports become private.

    A report that was sent as private stays private, whatever its category.
    """
    async with in_transaction():
        await cases.recategorise(case_id, category, by=by, seen=seen)
        if not category.public:
            await posts.make_private([report.post_id for report in await Report.filter(case_id=case_id)])


async def answer_question(report_id: int, viewer: Viewer, text: str, photos: Sequence[Photo] = ()) -> None:
    """The reporter answers the department's question."""
    report = await report_of_author(report_id, viewer)
    await cases.answer(report.case_id, by=Actor.reporter(viewer.person), text=text, photos=photos)


async def confirm_resolution(report_id: int, viewer: Viewer, stars: int | None = None, text: str = "") -> None:
    """The reporter confirms that it is fixed, with stars for the handling if they like."""
    report = await report_of_author(report_id, viewer)
    async with in_transaction():
        await cases.confirm(report.case_id, by=Actor.reporter(viewer.person))
        if stars:
            await cases.rate_handling(report.case_id, rater=f"post:{report.post_id}", stars=stars, text=text)


async def rate_handling(report_id: int, viewer: Viewer, stars: int, text: str = "") -> None:
    """The reporter rates the handling of the case; the latest rating counts."""
    report = await report_of_author(report_id, viewer)
    await cases.rate_handling(report.case_id, rater=f"post:{report.post_id}", stars=stars, text=text)


async def dispute_resolution(report_id: int, viewer: Viewer, text: str, stars: int | None = None) -> None:
    """The reporter says that it is not fixed: the case is reopened."""
    report = await report_of_author(report_id, viewer)
    async with in_transaction():
        if stars:
            await cases.rate_handling(report.case_id, rater=f"post:{report.post_id}", stars=stars, text=text)
        await cases.dispute(report.case_id, by=Actor.reporter(viewer.person), text=text)


async def doubt_resolution(report_id: int, person: Person, text: str) -> bool:
    """A supporter says that it is not fixed; True if enough have said so and the case is reopened.

    Raises NotAllowed for somebody who does not support the report, Conflict if the case is not resolved, NotFound for
    a report that is not public.
    """
    report = await Report.get_or_none(id=report_id).select_related("post")
    if report is None or report.post.visibility != Visibility.PUBLIC:
        raise NotFound()
    needed = (await city()).settings.dispute_supporters
    async with in_transaction():
        case = await Case.select_for_update().get(id=report.case_id)
        if case.status != Status.RESOLVED or case.resolved_at is None:
            raise Conflict(_("This case is not waiting for a confirmation."))
        if not person.signed_in or not await _supports(case.id, person.id):
            raise NotAllowed(_("Only its reporter or people who support it can say that it is not fixed."))
        await execute(
            ADD_DOUBT,
            case.id,
            person.id,
            case.resolved_at,
            text.strip()[:1000],
            timing.now(),
        )
        if await Doubt.filter(case_id=case.id, resolved_at=case.resolved_at).count() < needed:
            return False
        actor = Actor(ActorKind.CITIZEN, person.id)
        await cases.dispute(case.id, by=actor, text=_("%(n)s supporters say that it is not fixed.", n=needed))
    return True


async def _supports(case_id: int, user_id: int) -> bool:
    posts_of_case = await Report.filter(case_id=case_id).values_list("post_id", flat=True)
    return await Vote.exists(post_id__in=list(posts_of_case), user_id=user_id)
