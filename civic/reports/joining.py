"""Joining a case that somebody else has reported: support, a way to follow it and new photos, by one press, without an
account.

Who joins sends a report of their own to the same case, with their photos and words; its receipt, or their account, lets
them follow the case. Their support counts once, whether they have an account or not.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from tortoise.expressions import F

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.db import fetch, fetch_one
from civic.errors import Conflict, NotFound
from civic.forms import Form
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.actions import Posted
from civic.posts.forms import ClientKey, PostText, ReporterEmail
from civic.posts.models import Post
from civic.posts.queries import email_is_known
from civic.posts.receipts import NO_CODES, SenderCodes, code_digest
from civic.reports.actions import NewReport
from civic.reports.confirmation import send_receipt
from civic.reports.models import KIND, Report
from civic.writes import Writes, new_ids

# A report of this case by the same person ($2), or by the browser with one of these receipts ($3).
JOINED_BEFORE = """
SELECT r.id FROM report r JOIN post p ON p.id = r.post_id
WHERE r.case_id = $1 AND (p.author_id = $2 OR p.receipt_hash = ANY($3)) LIMIT 1
"""

# Of these posts ($1) the reports with which somebody joined a case, of which its history says nothing yet.
UNCOUNTED = """
SELECT r.id, r.case_id, p.author_id, m.post_id AS main_post_id
FROM report r JOIN post p ON p.id = r.post_id JOIN case_file c ON c.id = r.case_id
JOIN report m ON m.case_id = r.case_id AND m.main
WHERE r.post_id = ANY($1) AND NOT r.main AND NOT c.unreleased AND p.visibility = 'public' AND NOT EXISTS (
    SELECT FROM case_event e
    WHERE e.case_id = r.case_id AND e.kind = 'joined' AND (e.data ->> 'report')::bigint = r.id)
ORDER BY r.id
"""


class JoinForm(Form):
    """What somebody adds to a report of somebody else: `text email photos… client_key`, none of it needed."""

    text: PostText = ""
    email: ReporterEmail = ""
    client_key: ClientKey = None
    photos: Annotated[int, Field(ge=0)] = 0


async def join_report(
    report_id: int,
    form: JoinForm,
    author: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    codes: SenderCodes = NO_CODES,
    held: bool = False,
) -> Posted[NewReport]:
    """Add a report to the case of another one; all or nothing, and the same `client_key` twice is one.

    Raises NotFound for a report that is not public, Conflict if its case is closed or if the same person reported it
    before. A held one neither supports nor is told in the history until a moderator releases it.
    """
    text = form.text or _("I have seen this, too.")

    async def create() -> Posted[NewReport]:
        shown = await Report.get_or_none(id=report_id)
        if shown is None:
            raise NotFound()
        main = await Report.get(case_id=shown.case_id, main=True).select_related("post", "case")
        await posts.lock_public_post(main.post_id)
        await _require_open(main.case, author, codes)
        new_post = posts.NewPost(
            kind=KIND,
            text=text,
            email=form.email,
            email_confirmed=await email_is_known(form.email, codes.held),
            language=language(),
            channel=channel,
            client_key=form.client_key,
            held=held,
            photos=photos,
            receipt=codes.new,
        )
        return await _add_report(main, new_post, author)

    async def find(post: Post) -> NewReport | None:
        report = await Report.get_or_none(post_id=post.id) if post.text == text else None
        return NewReport(report) if report else None

    return await posts.post_once(form.client_key, create, find, author, codes)


async def _require_open(case: Case, author: Person, codes: SenderCodes) -> None:
    if not case.status.is_open:
        raise Conflict(_("This case is closed. Please send a report of your own."))
    digests = [code_digest(code) for code in filter(None, codes.held)]
    if await fetch_one(JOINED_BEFORE, case.id, author.id or None, digests):
        raise Conflict(_("You have reported this already."))


async def _add_report(main: Report, new_post: posts.NewPost, author: Person) -> Posted[NewReport]:
    post_id, report_id = await new_ids(Post, Report)
    post, code = posts.make_post(new_post, author, post_id, f"/reports/{report_id}")
    report = Report(
        id=report_id,
        case_id=main.case_id,
        main=False,
        category_id=main.category_id,
        area_id=main.area_id,
        lat=main.lat,
        lon=main.lon,
        located_by=main.located_by,
        place_names=main.place_names,
        asset_id=main.asset_id,
    )
    report.post = post
    writes = Writes()
    writes.insert(report)
    await posts.write_post(post, new_post.photos, writes)
    if not new_post.held:
        await _count_in(main.case_id, main.post_id, report_id, author.id or None)
    if code and new_post.email:
        await send_receipt(post, main.case.number, code)
    return Posted(post, NewReport(report), code)


async def release_joined(post_ids: Sequence[int], _by: Person) -> None:
    """Let reports count that somebody joined with and that were held, as a moderator has looked at them: once."""
    for row in await fetch(UNCOUNTED, list(post_ids)):
        await _count_in(row["case_id"], row["main_post_id"], row["id"], row["author_id"])


async def _count_in(case_id: int, main_post_id: int, report_id: int, author_id: int | None) -> None:
    """Support the case's report and say so in its history, in the transaction in hand.

    By a vote, which can be taken back, where there is an account.
    """
    if author_id is not None:
        await posts.add_vote(main_post_id, author_id)
    else:
        await Post.filter(id=main_post_id).update(votes_count=F("votes_count") + 1)
    await cases.join(case_id, Actor(ActorKind.REPORTER, author_id), report_id)
