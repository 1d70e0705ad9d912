"""Writing posts and what others add to them; each action is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from civic import timing
from civic.accounts.people import Person
from civic.db import execute, fetch_one
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.i18n import gettext as _
from civic.media import actions as media
from civic.media.models import Photo
from civic.notifications import actions as notifications
from civic.posts import receipts
from civic.posts.forms import clean_text
from civic.posts.models import Comment, Flag, Kind, Moderation, Post, PostPhoto, Visibility

FLAG_REASONS = ("spam", "abuse", "personal_data", "wrong", "other")
MAX_COMMENT_CHARS = 2000


@dataclass(frozen=True)
class NewPost:
    """A post as it was written, before it has a row."""

    kind: Kind
    text: str
    title: str = ""
    email: str = ""
    language: str = ""
    channel: str = "web"
    client_key: str | None = None
    source: str | None = None
    private: bool = False
    receipt: str | None = None  # the code of an author without an account; made here if there is none yet
    photos: Sequence[Photo] = ()


async def create_post(draft: NewPost, author: Person) -> tuple[Post, str | None]:
    """Write a post in the transaction in hand; with the receipt code where the author has no account.

    The caller sets `path` once it knows the page's address (`set_path`).
    """
    code = None if author.signed_in else draft.receipt or receipts.new_code()
    post = await Post.create(
        kind=draft.kind,
        author_id=author.id or None,
        email="" if author.signed_in else draft.email,
        receipt_hash=receipts.code_digest(code) if code else None,
        title=draft.title,
        text=draft.text,
        language=draft.language,
        created_at=timing.now(),
        visibility=Visibility.PRIVATE if draft.private else Visibility.PUBLIC,
        photos_count=len(draft.photos),
        cover_id=draft.photos[0].id if draft.photos else None,
        channel=draft.channel,
        client_key=draft.client_key,
        source=draft.source,
    )
    await _attach(post, draft.photos)
    return post, code


async def _attach(post: Post, photos: Sequence[Photo]) -> None:
    for position, photo in enumerate(photos):
        await PostPhoto.create(post_id=post.id, photo_id=photo.id, position=position)
    await media.attach_photos(photos, public=post.visibility == Visibility.PUBLIC)


async def set_path(post: Post, path: str) -> None:
    """Where the post is shown."""
    post.path = path
    await post.save(update_fields=["path"])


async def add_comment(
    post_id: int, by: Person, text: str, *, suggestion: bool = False, department_id: int | None = None
) -> Comment:
    """Add a comment; for a department of the author's own it is official.

    Raises Invalid (empty, too long), NotFound (hidden, private), NotAllowed (not signed in, not their department).
    """
    text = clean_text(text)
    if not text:
        raise Invalid(fields={"text": _("Please write something.")})
    if len(text) > MAX_COMMENT_CHARS:
        raise Invalid(fields={"text": _("Please write at most %(n)s characters.", n=MAX_COMMENT_CHARS)})
    if not by.signed_in or (department_id is not None and not by.acts_for(department_id)):
        raise NotAllowed()
    async with in_transaction():
        await _open_post(post_id)
        made = await Comment.create(
            post_id=post_id,
            author_id=by.id,
            department_id=department_id,
            suggestion=suggestion and department_id is None,
            text=text,
            created_at=timing.now(),
        )
        await Post.filter(id=post_id).update(comments_count=F("comments_count") + 1)
    return made


async def vote(post_id: int, by: Person) -> None:
    """Support a post; once a person, twice is once."""
    if not by.signed_in:
        raise NotAllowed()
    async with in_transaction():
        await _open_post(post_id)
        added = await execute(
            "INSERT INTO vote (post_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            post_id,
            by.id,
            timing.now(),
        )
        await Post.filter(id=post_id).update(votes_count=F("votes_count") + added)


async def unvote(post_id: int, by: Person) -> None:
    """Take one's support back."""
    async with in_transaction():
        removed = await execute("DELETE FROM vote WHERE post_id = $1 AND user_id = $2", post_id, by.id)
        await Post.filter(id=post_id).update(votes_count=F("votes_count") - removed)


async def _open_post(post_id: int) -> None:
    row = await fetch_one("SELECT visibility FROM post WHERE id = $1 FOR UPDATE", post_id)
    if row is None or row["visibility"] != Visibility.PUBLIC:
        raise NotFound()


async def add_flag(post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None) -> None:
    """Say that a post or a comment should not stand here. Once a person while it is open; nothing is hidden yet."""
    if reason not in FLAG_REASONS:
        raise Invalid(fields={"reason": _("Please choose a reason.")})
    async with in_transaction():
        await _open_post(post_id)
        if comment_id is not None and not await Comment.exists(id=comment_id, post_id=post_id, hidden_at=None):
            raise NotFound()
        mine = Flag.filter(post_id=post_id, comment_id=comment_id, user_id=by.id, settled_at=None)
        if by.signed_in and await mine.exists():
            return
        await Flag.create(
            post_id=post_id,
            comment_id=comment_id,
            user_id=by.id or None,
            reason=reason,
            text=clean_text(text)[:500],
            created_at=timing.now(),
        )


async def hide(post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None) -> None:
    """Take a post or a comment out of sight, with a reason; logged, and its author is told.

    Raises Conflict when it is hidden already.
    """
    if reason not in FLAG_REASONS:
        raise Invalid(fields={"reason": _("Please choose a reason.")})
    await _moderate("hide", post_id, comment_id, by, reason, text)


async def restore(post_id: int, by: Person, reason: str, text: str = "", *, comment_id: int | None = None) -> None:
    """Put a hidden post or comment back; logged, and its author is told."""
    reason = reason if reason in FLAG_REASONS else "other"
    await _moderate("restore", post_id, comment_id, by, reason, text)


async def dismiss_flags(post_id: int, by: Person, text: str = "", *, comment_id: int | None = None) -> None:
    """The flags are settled; what was flagged stays."""
    await _moderate("keep", post_id, comment_id, by, "other", text)


async def _moderate(act: str, post_id: int, comment_id: int | None, by: Person, reason: str, text: str) -> None:
    if not by.is_dispatcher:
        raise NotAllowed()
    async with in_transaction():
        post = await Post.select_for_update().get_or_none(id=post_id)
        if post is None:
            raise NotFound()
        author_id = await _set_comment(act, post, comment_id) if comment_id else await _set_post(act, post, reason)
        await Flag.filter(post_id=post_id, comment_id=comment_id, settled_at=None).update(settled_at=timing.now())
        done = await Moderation.create(
            post_id=post_id,
            comment_id=comment_id,
            moderator_id=by.id,
            act=act,
            reason=reason,
            text=clean_text(text)[:500],
            at=timing.now(),
        )
        if act != "keep":
            await _tell_author(done, post, author_id)


async def _set_post(act: str, post: Post, reason: str) -> int | None:
    hidden = post.visibility == Visibility.HIDDEN
    if (act == "hide" and hidden) or (act == "restore" and not hidden):
        raise Conflict(_("Another moderator has already dealt with this."))
    if act == "hide":
        post.visibility_before, post.visibility, post.hidden_reason = (
            post.visibility,
            Visibility.HIDDEN,
            reason,
        )
    elif act == "restore":
        post.visibility, post.hidden_reason = Visibility(post.visibility_before), ""
    await post.save(update_fields=["visibility", "visibility_before", "hidden_reason"])
    await execute(
        "UPDATE photo SET public = $2 WHERE id IN (SELECT photo_id FROM post_photo WHERE post_id = $1)",
        post.id,
        post.visibility == Visibility.PUBLIC,
    )
    return post.author_id


async def make_private(post_ids: Sequence[int]) -> None:
    """These posts are no longer for everybody, nor are their photos; in the transaction in hand.

    A hidden one stays hidden, and is private when it is restored.
    """
    ids = list(post_ids)
    await Post.filter(id__in=ids, visibility=Visibility.HIDDEN).update(visibility_before=Visibility.PRIVATE)
    await Post.filter(id__in=ids, visibility=Visibility.PUBLIC).update(visibility=Visibility.PRIVATE)
    await execute(
        "UPDATE photo SET public = false WHERE id IN (SELECT photo_id FROM post_photo WHERE post_id = ANY($1))", ids
    )


async def _set_comment(act: str, post: Post, comment_id: int | None) -> int | None:
    found = await Comment.get_or_none(id=comment_id, post_id=post.id)
    if found is None:
        raise NotFound()
    if (act == "hide" and found.hidden_at) or (act == "restore" and not found.hidden_at):
        raise Conflict(_("Another moderator has already dealt with this."))
    if act != "keep":
        found.hidden_at = timing.now() if act == "hide" else None
        await found.save(update_fields=["hidden_at"])
        post.comments_count += -1 if act == "hide" else 1
        await post.save(update_fields=["comments_count"])
    return found.author_id


async def _tell_author(done: Moderation, post: Post, author_id: int | None) -> None:
    subject = {"user_id": author_id} if author_id else {"email": post.email} if post.email else None
    if subject is None or (done.comment_id and not author_id):
        return  # nobody to tell: no account and no address
    await notifications.notify(
        f"moderation:{done.id}",
        "hidden" if done.act == "hide" else "restored",
        values={"reason": done.reason, "text": done.text, "comment": done.comment_id is not None},
        url=post.path,
        **subject,
    )
