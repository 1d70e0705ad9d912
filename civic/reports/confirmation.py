"""The e-mail address of a reporter without an account, which is theirs once they press the button of a mail's link."""

from datetime import timedelta

from civic import signing, timing
from civic.cases.event_kinds import EventKind
from civic.db import fetch_one, in_transaction, retry_transaction
from civic.jobs.actions import Job, enqueue
from civic.notifications import addresses
from civic.notifications.actions import notify
from civic.posts.models import Post
from civic.posts.queries import Viewer, about_post
from civic.reports.queries import get_author
from civic.reports.sql import LATEST_NEWS

LINK_GOOD_FOR = timedelta(days=14)


async def send_receipt(post: Post, number: str, code: str, *, key: str = "received") -> None:
    """Mail the author the receipt of their report, in the transaction in hand; while nobody confirmed the address, with
    the question whether it is theirs."""
    confirmed = post.email_confirmed_at is not None
    token = signing.sign(_purpose(post.email), str(post.id), timing.now() + LINK_GOOD_FOR)
    await notify(
        f"post:{post.id}:{key}",
        "report_received" if confirmed else "report_confirm",
        email=post.email,
        about=about_post(post.id),
        confirmed=confirmed,
        language=post.language,
        values={"number": number, "code": code},
        url=f"/r/{code}" if confirmed else f"/r/{code}?confirm={token}",
    )


def _purpose(email: str) -> str:
    return f"e-mail of a report {email}"


@retry_transaction
async def send_receipt_again(report_id: int, viewer: Viewer) -> None:
    """Ask once more to confirm the address, for whoever holds the receipt. Raises NotAllowed, NotFound."""
    report = (await get_author(report_id, viewer)).report
    await report.fetch_related("case")
    code = viewer.codes_by_digest.get(report.post.receipt_hash or "")
    if code is None or not report.post.email or report.post.email_confirmed_at is not None:
        return
    async with in_transaction():
        await send_receipt(report.post, report.case.number, code, key=f"again:{timing.now():%Y%m%d%H%M%S}")


@retry_transaction
async def confirm_email(post_id: int, token: str) -> bool:
    """The address of a post is its author's, as the token of a mail shows; False if it is too old or for another.

    What happened to the report since is told once: the latest news.
    """
    async with in_transaction():
        post = await Post.select_for_update().get(id=post_id)
        if signing.read_signed(_purpose(post.email), token) != str(post_id):
            return False
        if post.email_confirmed_at is None:
            post.email_confirmed_at = timing.now()
            await post.save(update_fields=["email_confirmed_at"])
            await addresses.allow_mails(addresses.address_digest(post.email), about_post(post.id))
            told = [kind.value for kind in EventKind if kind.tells_reporter]
            if news := await fetch_one(LATEST_NEWS, post_id, told):
                await enqueue(Job.NOTIFY, {"event": news["id"]})
    return True
