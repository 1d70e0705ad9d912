"""Posting a report, and what its author and supporters say of the case later."""

from collections.abc import Sequence
from dataclasses import dataclass

from civic import timing
from civic.accounts.people import Person
from civic.accounts.queries import user_email_is_confirmed
from civic.cases import actions as cases
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent
from civic.cases.status import Status
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import execute, fetch, in_transaction, retry_transaction
from civic.errors import Conflict, Invalid, NotAllowed
from civic.geo.queries import areas, find_position, nearest_place
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.notifications import actions as notifications
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.actions import Posted
from civic.posts.models import Comment, Post
from civic.posts.queries import about_post, area_id_at, email_is_known
from civic.posts.receipts import NO_CODES, SenderCodes
from civic.reports.confirmation import send_receipt
from civic.reports.forms import ReportForm
from civic.reports.models import KIND, Report
from civic.reports.moderation import judge_event_photos
from civic.reports.queries import Speaker
from civic.routing.actions import record_faults
from civic.routing.queries import Facts, decide
from civic.writes import Writes, new_ids

REPORTERS = """
SELECT p.id, p.author_id, p.email, p.email_confirmed_at IS NOT NULL AS email_confirmed, p.language, p.path
FROM report r JOIN post p ON p.id = r.post_id
WHERE r.case_id = $1 AND (p.author_id IS NOT NULL OR p.email <> '')
"""
ROUTABLE = """
SELECT c.id, c.category_id, c.area_id, c.received_at, p.title, p.text, p.channel, r.answers
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
WHERE c.id = ANY($1) AND c.status = $2 AND c.department_id IS NULL AND NOT c.unreleased
"""
SHOWN_TEXT = """
SELECT e.text, h.id IS NOT NULL OR e.text_hash IS NOT NULL AS withheld
FROM case_event e LEFT JOIN hidden_line h ON h.case_event_id = e.id WHERE e.id = $1
"""
# The case of a post ($1), if it waits for its reporters and this person ($2) is one of them.
WAITING_FOR = """
SELECT c.id AS case_id FROM report here JOIN case_file c ON c.id = here.case_id
WHERE here.post_id = $1 AND c.status = $3 AND EXISTS (
    SELECT FROM report r JOIN post p ON p.id = r.post_id WHERE r.case_id = c.id AND p.author_id = $2)
"""
# Posts are locked before their cases, as moderators and comments do: neither waits for the other.
LOCK_POSTS = "SELECT FROM post p JOIN report r ON r.post_id = p.id WHERE r.case_id = $1 ORDER BY p.id FOR UPDATE OF p"
ADD_DOUBT = """
INSERT INTO doubt (case_id, user_id, resolved_at, text, at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


# Who supported a case before an instant and still does. Authors of its reports speak for themselves.
SUPPORTED_BEFORE = """
SELECT 1 FROM vote v JOIN report r ON r.post_id = v.post_id
WHERE r.case_id = $1 AND v.user_id = $2 AND v.created_at < $3
  AND NOT EXISTS (SELECT FROM report o JOIN post p ON p.id = o.post_id WHERE o.case_id = $1 AND p.author_id = $2)
LIMIT 1
"""
DOUBTERS = """
SELECT d.user_id FROM doubt d JOIN user_account u ON u.id = d.user_id
WHERE d.case_id = $1 AND d.resolved_at = $2 AND u.disabled_at IS NULL AND u.email_confirmed_at IS NOT NULL
  AND EXISTS (SELECT FROM vote v JOIN report r ON r.post_id = v.post_id
              WHERE r.case_id = d.case_id AND v.user_id = d.user_id AND v.created_at < d.resolved_at)
"""
MAX_DOUBT_CHARS = 1000
MAX_PLACE_METRES = 300.0  # a place farther away would not say where a report is


@dataclass(frozen=True)
class NewReport:
    """A report that was posted. `event` is the first line of its history, unless it was posted before."""

    report: Report
    event: CaseEvent | None = None


async def post_report(
    form: ReportForm,
    author: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    codes: SenderCodes = NO_CODES,
    held: bool = False,
) -> Posted[NewReport]:
    """The report, its case with both clocks, the first line of its history and the job that routes it: all or nothing.

    The same `client_key` twice is one report. Raises Invalid (field "place") outside of the city, and Conflict if the
    key was used for another text. One that is `held` gets its department when a moderator releases it.
    """
    area_id = await area_id_at(form.lat, form.lon)

    async def create() -> Posted[NewReport]:
        private = form.category is not None and not form.category.public
        new_post = posts.NewPost(
            kind=KIND,
            text=form.text,
            title=form.title,
            email=form.email,
            email_confirmed=await email_is_known(form.email, codes.held),
            language=language(),
            channel=channel,
            client_key=form.client_key,
            private=private,
            held=held,
            photos=photos,
            receipt=codes.new,
        )
        return await _create_report(form, author, new_post, area_id)

    async def find(post: Post) -> NewReport | None:
        report = await Report.get_or_none(post_id=post.id) if post.text == form.text else None
        return NewReport(report) if report else None

    return await posts.post_once(form.client_key, create, find, author, codes)


async def _create_report(
    form: ReportForm, author: Person, new_post: posts.NewPost, area_id: int | None
) -> Posted[NewReport]:
    post_id, report_id, *case_ids = await new_ids(Post, Report, *cases.CASE_ROWS)
    post, code = posts.make_post(new_post, author, post_id, f"/reports/{report_id}")
    by, category, writes = Actor.reporter(author), form.category, Writes()
    event = await cases.add_case(
        writes, case_ids, category=category, area_id=area_id, by=by, channel=new_post.channel, held=new_post.held
    )
    place = await nearest_place(form.lat, form.lon, MAX_PLACE_METRES)
    report = Report(
        id=report_id,
        category_id=category.id if category else None,
        area_id=area_id,
        lat=form.lat,
        lon=form.lon,
        located_by=form.located_by,
        accuracy=form.accuracy,
        shape=form.shape,
        address="" if await find_position(form.address) else form.address,  # a position says nothing to a reader
        place_names=place.names if place else {},
        asset_id=form.asset.id if form.asset else None,
        answers=form.answers,
    )
    report.post, report.case = post, event.case
    writes.insert(report)
    await posts.write_post(post, new_post.photos, writes)
    if code and form.email:
        await send_receipt(post, event.case.number, code)
    return Posted(post, NewReport(report, event), code)


async def route_case(case_id: int) -> bool:
    """As `route_cases`, of one. False if somebody else has assigned it already."""
    return case_id in await route_cases([case_id])


async def route_cases(case_ids: Sequence[int]) -> set[int]:
    """Give received cases to the departments that `decide` finds, else send them to triage, with the reason.

    Those whose history has only begun are placed all at once, or none of them. Returns the cases that were placed; the
    others have been already, or are gone.
    """
    placements = {case_id: await _place(facts) for case_id, facts in (await _find_routable(case_ids)).items()}
    placed = set(await cases.place_received(placements))
    for case_id in placements.keys() - placed:
        if await _place_later(case_id, placements[case_id]):
            placed.add(case_id)
    return placed


async def _place(facts: Facts) -> cases.Placement:
    decision = await decide(facts)
    await record_faults(decision, facts)
    return cases.Placement(decision.department_id, decision.reason, decision.support, decision.priority)


async def _place_later(case_id: int, placement: cases.Placement) -> bool:
    """Place a case in whose history more stands than its receipt."""
    try:
        if placement.department_id is None:
            await cases.send_to_triage(case_id, reason=placement.reason)
        else:
            await cases.assign(
                case_id,
                placement.department_id,
                by=SYSTEM,
                reason=placement.reason,
                support=placement.support,
                priority=placement.priority,
            )
    except Conflict:
        return False
    return True


async def _find_routable(case_ids: Sequence[int]) -> dict[int, Facts]:
    """What routing has to know of those of these cases that wait for the router."""
    known, places, here = await catalogue(), await areas(), await city()
    found = {}
    for row in await fetch(ROUTABLE, list(case_ids), Status.RECEIVED):
        category = known.category_by_id.get(row["category_id"] or 0)
        found[row["id"]] = Facts(
            category=category.code if category else None,
            areas=tuple(area.slug for area in places.path(row["area_id"])),
            text=f"{row['title']}\n{row['text']}".strip(),
            answers=row["answers"],
            channel=row["channel"],
            at=here.local(row["received_at"]),
        )
    return found


@retry_transaction
async def notify_reporters(event_id: int) -> int:
    """Notify the authors of a case's reports of an event, each once; the number of new messages."""
    event = await CaseEvent.get_or_none(id=event_id).select_related("case", "department")
    if event is None or event.internal:
        return 0
    names, more = await _department_of(event), await _more_of(event)
    notified = 0
    rows = await fetch(
        REPORTERS,
        event.case_id,
    )
    for row in rows:
        async with in_transaction():
            # A line that is hidden meanwhile waits for this, and then takes the text out of the message.
            await Case.select_for_update().get(id=event.case_id)
            notified += await notifications.notify(
                f"event:{event.id}:post:{row['id']}",
                EventKind(event.kind).reporter_message,
                user_id=row["author_id"],
                email="" if row["author_id"] else row["email"],
                about=about_post(row["id"]),
                confirmed=row["email_confirmed"],
                language=row["language"],
                values={
                    "number": event.case.number,
                    "department": names,
                    "events": event.seq,
                    "hash": bytes(event.hash).hex(),
                    **await _shown_text(event.id),
                    **more,
                },
                url=row["path"],
            )
    return notified


async def _shown_text(event_id: int) -> dict[str, object]:
    """The text of an event as a message has it: one that is hidden or erased by now is not sent."""
    [row] = await fetch(SHOWN_TEXT, event_id)
    return {"text": "", "hidden": True} if row["withheld"] else {"text": row["text"]}


async def _department_of(event: CaseEvent) -> dict[str, str]:
    """The names of the department that got the case, else of the one that acted."""
    receiver = (await catalogue()).department_by_slug.get(event.data.get("department") or "")
    if event.kind == EventKind.ASSIGNED and receiver is not None:
        return receiver.names
    return event.department.names if event.department else {}


async def _more_of(event: CaseEvent) -> dict[str, object]:
    """What only some messages say: to whom a case was handed over, which promise is overdue."""
    if event.kind == EventKind.HANDED_OVER:
        receiver = (await catalogue()).department_by_slug.get(event.data.get("department") or "")
        return {"to": receiver.names if receiver else {}, "dispatcher": bool(event.data.get("dispatcher"))}
    return {"promise": event.data["clock"]} if event.kind == EventKind.OVERDUE else {}


@retry_transaction
async def recategorise(
    case_id: int, category: CategoryView, *, by: Actor, person: Person | None = None, seen: int | None = None
) -> None:
    """Change the category of a case. Only a dispatcher's decision moves who may read its reports.

    To give what was sent in public a category that is not public is a moderator's act of `person`: logged, told to the
    authors, and taken back by a category that is public. What was sent in private stays so, whatever its category.
    Raises Invalid (field "category").
    """
    async with in_transaction():
        await execute(LOCK_POSTS, case_id)
        await cases.recategorise(case_id, category, by=by, seen=seen)
        sent = await Post.filter(report__case_id=case_id).order_by("id")
        if not category.public:
            _require_private(sent, by, person)
        if by.kind == ActorKind.DISPATCHER and person is not None:
            move = moderation.make_public_again if category.public else moderation.make_private
            await move([post.id for post in sent], person)


def _require_private(sent: Sequence[Post], by: Actor, person: Person | None) -> None:
    """Raises Invalid unless a category that is not public may be given to these posts of a case."""
    if not any(moderation.is_public_at_heart(post) for post in sent):
        return
    if by.kind != ActorKind.DISPATCHER or person is None:  # nobody in whose name it could stand in the log
        raise Invalid(fields={"category": _("Only a dispatcher can make private what was sent in public.")})
    if len({post.author_id or -post.id for post in sent}) > 1:
        raise Invalid(
            fields={
                "category": _(
                    "Several people have reported this: if it were private, each would read what the "
                    "others say. Please undo the merge, or hide the reports."
                )
            }
        )


@retry_transaction
async def answer_question(by: Speaker, text: str, photos: Sequence[Photo] = ()) -> None:
    """The reporter answers the department's question."""
    async with in_transaction():
        await cases.answer(by.report.case_id, by=by.actor, text=text, photos=photos)
        await judge_event_photos([by.report.case_id])


async def answer_by_comment(comment: Comment, by: Person) -> None:
    """End the wait for a reporter who comments on a report of the case, in the transaction of the comment."""
    for row in await fetch(WAITING_FOR, comment.post_id, by.id, Status.WAITING):
        try:
            await cases.answer_in_comment(row["case_id"], by=Actor.reporter(by), comment_id=comment.id)
        except Conflict:
            continue  # the wait has just ended by itself


@retry_transaction
async def confirm_resolution(by: Speaker, stars: int | None = None, text: str = "") -> None:
    """The reporter confirms that it is fixed, with stars for the handling if they like."""
    async with in_transaction():
        await cases.confirm(by.report.case_id, by=by.actor)
        if stars:
            await rate_handling(by, stars, text)


async def rate_handling(by: Speaker, stars: int, text: str = "") -> None:
    """The reporter rates the handling of the case; the latest rating counts."""
    await cases.rate_handling(by.report.case_id, rater=f"post:{by.report.post_id}", stars=stars, text=text)


@retry_transaction
async def dispute_resolution(by: Speaker, text: str, stars: int | None = None) -> None:
    """The reporter says that it is not fixed: the case is reopened; once. A dispatcher decides about a later one."""
    async with in_transaction():
        if stars:
            await rate_handling(by, stars, text)
        await cases.dispute(by.report.case_id, by=by.actor, text=text)


async def appeal_decline(by: Speaker, text: str) -> None:
    """The reporter says why the case should not have been declined: a dispatcher decides."""
    await cases.appeal(by.report.case_id, by=by.actor, text=text)


@retry_transaction
async def doubt_resolution(by: Speaker, text: str) -> bool:
    """A supporter says that it is not fixed; True if enough have said so and the case is disputed.

    Those count who supported it before it was resolved, still do, and have confirmed their e-mail address. Raises
    NotAllowed for others, and Conflict if the case is not resolved.
    """
    needed = (await city()).settings.dispute_supporters
    async with in_transaction():
        case = await Case.select_for_update().get(id=by.report.case_id)
        if case.status != Status.RESOLVED or case.resolved_at is None:
            raise Conflict(_("This case is not waiting for a confirmation."))
        await _require_counted(case, by)
        values = (case.id, by.actor.user_id, case.resolved_at, text.strip()[:MAX_DOUBT_CHARS], timing.now())
        await execute(ADD_DOUBT, *values)
        doubters = await fetch(DOUBTERS, case.id, case.resolved_at)
        if len(doubters) < needed:
            return False
        await cases.dispute(case.id, by=by.actor, text=_("%(n)s supporters say that it is not fixed.", n=needed))
    return True


async def _require_counted(case: Case, by: Speaker) -> None:
    """Raises NotAllowed for a supporter whose doubt does not count, with the reason."""
    assert by.actor.user_id is not None
    if not await fetch(SUPPORTED_BEFORE, case.id, by.actor.user_id, case.resolved_at):
        raise NotAllowed(_("Only people who supported it before it was solved can say that it is not fixed."))
    if not await user_email_is_confirmed(by.actor.user_id):
        raise NotAllowed(_("Please confirm your email address first: then your word counts."))
