"""Flags, and what moderators decide: hiding, restoring and erasing posts, comments and lines of histories.

Each decision is one transaction: when it ends, nobody reads what is hidden, neither on a page nor in the index of the
search, and the author is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from civic import erasures, timing
from civic.accounts.people import Person
from civic.db import in_transaction, retry_transaction
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.forms import clean_text
from civic.i18n import lazy as _
from civic.notifications import actions as notifications
from civic.posts.actions import (
    comment_shown,
    lock_public_post,
    posts_released,
    set_photos_public,
    visibility_changed,
)
from civic.posts.forms import FlagForm
from civic.posts.lines import find_lines, get_line, line_keeper
from civic.posts.models import REASONS, Comment, Flag, Moderation, Post, Visibility
from civic.posts.queries import about_post
from civic.search import feed

MAX_NOTE_CHARS = 500  # of a flag or a moderator's decision
DEALT_WITH = _("Another moderator has already dealt with this.")
# What the author is told of a decision: the name of the message.
MESSAGES = {
    "hide": "hidden",
    "restore": "restored",
    "release": "released",
    "private": "made_private",
    "public": "restored",
}
ERASED_COMMENT = "comment"  # what the log of erasures calls it
HIDE_FIRST = _("Only what is hidden can be erased. Please hide it first.")


@retry_transaction
async def add_flag(post_id: int, by: Person, form: FlagForm) -> None:
    """Say that a post, a comment or a line of its page's history should not be shown; nothing is hidden yet.

    One open flag a person. Raises NotFound for what is not on the page, or not for everybody.
    """
    async with in_transaction():
        await lock_public_post(post_id)
        if form.comment is not None and not await Comment.exists(id=form.comment, post_id=post_id, hidden_at=None):
            raise NotFound()
        if form.line and not ((line := await get_line(form.line)).shown and post_id in line.post_ids):
            raise NotFound()
        comment_id = None if form.line else form.comment
        mine = Flag.filter(post_id=post_id, comment_id=comment_id, line=form.line, user_id=by.id, settled_at=None)
        if by.signed_in and await mine.exists():
            return
        await Flag.create(
            post_id=post_id,
            comment_id=comment_id,
            line=form.line,
            user_id=by.id or None,
            reason=form.reason,
            text=clean_text(form.text)[:MAX_NOTE_CHARS],
            created_at=timing.now(),
        )


@dataclass(frozen=True)
class Moderated:
    """What a moderator deals with: a post, one of its comments, or a line of the history on its page."""

    post_id: int
    comment_id: int | None = None
    line: str = ""


@dataclass(frozen=True)
class Recipient:
    """Who is told what became of their text: a person, the author of a post by e-mail, or a department."""

    user_id: int | None = None
    author_of: Post | None = None
    department_id: int | None = None


async def quote_flagged(post: Post, line: str, comment_id: int | None) -> str:
    """What the form of a flag is about, as everybody reads it; "" for what is not on the page of the post."""
    if line:
        found = (await find_lines([line])).get(line)
        return found.text if found and found.shown and post.id in found.post_ids else ""
    if comment_id is None:
        return post.title or post.text
    comment = await Comment.get_or_none(id=comment_id, post_id=post.id, hidden_at=None)
    return comment.text if comment else ""


async def hide(
    post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None, line: str = ""
) -> None:
    """Hide something, log the reason and notify the author.

    Raises Conflict if it is hidden already.
    """
    if reason not in REASONS:
        raise Invalid(fields={"reason": _("Please choose a reason.")})
    await _moderate("hide", Moderated(post_id, comment_id, line), by, reason, text)


async def restore(
    post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None, line: str = ""
) -> None:
    """Show something hidden again, log it and notify the author."""
    await _moderate("restore", Moderated(post_id, comment_id, line), by, reason if reason in REASONS else "other", text)


async def release(post_id: int, by: Person, text: str = "", *, comment_id: int | None = None) -> None:
    """Show something that was held: all that follows a new post, or a new comment, follows now.

    Raises Conflict if another moderator has dealt with it.
    """
    await _moderate("release", Moderated(post_id, comment_id), by, "other", text)


async def erase(
    post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None, line: str = ""
) -> None:
    """Erase the text of a hidden comment or line for good, and log it. Raises Conflict if it is not hidden."""
    await _moderate("erase", Moderated(post_id, comment_id, line), by, reason if reason in REASONS else "other", text)


@retry_transaction
async def erase_comment_again(post_id: int, comment_id: int) -> None:
    """Erase a comment of a restored backup that was erased after it was made: decided, logged and told before."""
    async with in_transaction():
        post = await Post.select_for_update().get(id=post_id)
        if not (await Comment.get(id=comment_id)).hidden_at:
            await _set_comment("hide", post, comment_id)
        await _set_comment("erase", post, comment_id)
        await feed.refresh("post", [post_id])


async def make_private(post_ids: Iterable[int], by: Person, text: str = "") -> None:
    """Let only their authors and the desk read posts that were sent in public: logged, and their authors are told.

    A hidden post stays hidden, and is private once it is restored. Others than public ones are left as they are.
    """
    for post in await Post.filter(id__in=list(post_ids)).order_by("id"):
        if is_public_at_heart(post):
            await _moderate("private", Moderated(post.id), by, "other", text)


async def make_public_again(post_ids: Iterable[int], by: Person, text: str = "") -> None:
    """Take back what `make_private` did; what was sent in private stays so."""
    for post in await Post.filter(id__in=list(post_ids), made_private=True).order_by("id"):
        await _moderate("public", Moderated(post.id), by, "other", text)


def is_public_at_heart(post: Post) -> bool:
    """Whether everybody may see the post, or may once a moderator restores or releases it."""
    kept_back = post.visibility in (Visibility.HIDDEN, Visibility.HELD)
    return (post.visibility_before if kept_back else post.visibility) == Visibility.PUBLIC


async def dismiss_flags(
    post_id: int, by: Person, text: str = "", *, comment_id: int | None = None, line: str = ""
) -> None:
    """Settle the open flags of something; it stays as it is."""
    await _moderate("keep", Moderated(post_id, comment_id, line), by, "other", text)


@retry_transaction
async def withdraw_line(name: str, by: Person, text: str = "") -> None:
    """A department hides a line of its own at once, as it shows somebody's personal data, and flags it.

    Moderators look at every such line, so that no department hides what it does not like to be read. Raises NotFound
    for a line that is not of a department of theirs, and Conflict for one that is hidden already.
    """
    line = await get_line(name)
    if line.department_id is None or not by.acts_for(line.department_id):
        raise NotFound()
    what, reason = Moderated(line.post_ids[0], line=name), "personal_data"
    async with in_transaction():
        await Post.select_for_update().get(id=what.post_id)
        await line_keeper().hide(name, reason)
        note = clean_text(text)[:MAX_NOTE_CHARS]
        await Flag.create(
            post_id=what.post_id, line=name, user_id=by.id, reason=reason, text=note, created_at=timing.now()
        )
        await _log("hide", what, by, reason, note)


@retry_transaction
async def _moderate(act: str, what: Moderated, by: Person, reason: str, text: str) -> None:
    if not by.is_dispatcher:
        raise NotAllowed()
    async with in_transaction():
        post = await Post.select_for_update().get_or_none(id=what.post_id)
        if post is None:
            raise NotFound()
        author = await _change(act, post, what, by, reason)
        flags = Flag.filter(comment_id=what.comment_id, line=what.line, settled_at=None)
        await (flags if what.line else flags.filter(post_id=post.id)).update(settled_at=timing.now())
        done = await _log(act, what, by, reason, text)
        if act in MESSAGES:
            await _notify_author(done, post, author)


async def _log(act: str, what: Moderated, by: Person, reason: str, text: str) -> Moderation:
    return await Moderation.create(
        post_id=what.post_id,
        comment_id=what.comment_id,
        line=what.line,
        moderator_id=by.id,
        act=act,
        reason=reason,
        text=clean_text(text)[:MAX_NOTE_CHARS],
        at=timing.now(),
    )


async def _change(act: str, post: Post, what: Moderated, by: Person, reason: str) -> Recipient:
    """Hide, restore, release or erase it; whom to tell. What is hidden leaves the index when the transaction ends."""
    if what.line and act == "release":
        raise NotFound()
    if what.line:
        return await _set_line(act, post, what.line, reason)
    if what.comment_id:
        author = await _set_comment(act, post, what.comment_id)
    elif act == "erase":
        raise NotFound()
    else:
        author = await _set_post(act, post, by, reason)
    if act != "keep":
        await feed.refresh("post", [post.id])
    return author


async def _set_line(act: str, post: Post, name: str, reason: str) -> Recipient:
    line = (await find_lines([name])).get(name)
    if line is None or post.id not in line.post_ids:
        raise NotFound()
    if act == "hide":
        await line_keeper().hide(name, reason)
    elif act == "restore":
        await line_keeper().restore(name)
    elif act == "erase":
        if not line.hidden:
            raise Conflict(HIDE_FIRST)
        await line_keeper().erase(name)
    author_of = await Post.get(id=line.author_of) if line.author_of else None
    return Recipient(line.user_id, author_of, line.department_id)


async def _set_post(act: str, post: Post, by: Person, reason: str) -> Recipient:
    hidden, held = post.visibility == Visibility.HIDDEN, post.visibility == Visibility.HELD
    was_public = post.visibility == Visibility.PUBLIC
    _require_undecided(act, hidden=hidden, held=held, made_private=post.made_private)
    shown = held if act == "release" else act == "restore" and hidden
    if act == "hide":
        before = post.visibility_before if held else post.visibility
        post.visibility_before, post.visibility, post.hidden_reason = before, Visibility.HIDDEN, reason
    elif shown:
        post.visibility, post.hidden_reason = Visibility(post.visibility_before), ""
    elif act != "keep":
        _show_to(post, Visibility.PRIVATE if act == "private" else Visibility.PUBLIC)
    await post.save(update_fields=["visibility", "visibility_before", "hidden_reason", "made_private"])
    public = post.visibility == Visibility.PUBLIC
    if act != "keep":
        await set_photos_public([post.id], public)
    if shown:
        await posts_released([post.id], by)
    if public != was_public:
        await visibility_changed([post.id], public)
    return Recipient(post.author_id, None if post.author_id else post)


def _require_undecided(act: str, *, hidden: bool, held: bool, made_private: bool = False) -> None:
    """Raises Conflict if another moderator has decided it already."""
    undecided = {"hide": not hidden, "release": held, "restore": hidden or made_private}
    if not undecided.get(act, True):
        raise Conflict(DEALT_WITH)


def _show_to(post: Post, visibility: Visibility) -> None:
    """Make a post that was sent in public private, or public again; what is hidden will be so later."""
    post.made_private = visibility == Visibility.PRIVATE
    if post.visibility in (Visibility.HIDDEN, Visibility.HELD):
        post.visibility_before = visibility
    else:
        post.visibility = visibility


async def _set_comment(act: str, post: Post, comment_id: int) -> Recipient:
    comment = await Comment.get_or_none(id=comment_id, post_id=post.id)
    if comment is None:
        raise NotFound()
    hidden = comment.hidden_at is not None and not comment.held
    if comment.erased_at:
        raise Conflict(DEALT_WITH)
    _require_undecided(act, hidden=hidden, held=comment.held)
    if act == "erase":
        if not hidden:
            raise Conflict(HIDE_FIRST)
        erasures.note_erasure(ERASED_COMMENT, str(comment.id), comment.created_at)
        comment.text, comment.erased_at = "", timing.now()
        await comment.save(update_fields=["text", "erased_at"])
    elif act != "keep":
        was_held, comment.held = comment.held, False
        comment.hidden_at = timing.now() if act == "hide" else None
        await comment.save(update_fields=["hidden_at", "held"])
        if act == "release":
            await comment_shown(comment, Person(id=comment.author_id or 0))
        elif not was_held:
            post.comments_count += -1 if act == "hide" else 1
            await post.save(update_fields=["comments_count"])
    return Recipient(comment.author_id)


async def _notify_author(done: Moderation, post: Post, author: Recipient) -> None:
    """Tell who wrote it; nobody, where there is neither an account nor an address."""
    by_mail = author.author_of if author.author_of and author.author_of.email else None
    if author.user_id is None and by_mail is None and author.department_id is None:
        return
    await notifications.notify(
        f"moderation:{done.id}",
        MESSAGES[done.act],
        values={"reason": done.reason, "text": done.text, "what": _kind_of(done)},
        url=post.path,
        user_id=author.user_id,
        department_id=author.department_id,
        email=by_mail.email if by_mail else "",
        about=about_post(by_mail.id) if by_mail else "",
        confirmed=by_mail is not None and by_mail.email_confirmed_at is not None,
        language=by_mail.language if by_mail else "",
    )


def _kind_of(done: Moderation) -> str:
    return "line" if done.line else "comment" if done.comment_id else "post"
