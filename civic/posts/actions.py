"""Writing posts, and what other people add to them. Each action is one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from civic import timing
from civic.accounts.people import Person
from civic.city.queries import city
from civic.db import execute, fetch, fetch_one, in_transaction, retry_transaction
from civic.errors import NotAllowed, NotFound
from civic.media import actions as media
from civic.media.models import Photo
from civic.notifications.actions import notify
from civic.posts import receipts
from civic.posts.forms import CommentForm
from civic.posts.models import MAX_POST_PHOTOS, Comment, Post, Visibility
from civic.posts.queries import author_is, post_by_client_key
from civic.posts.receipts import NO_CODES, SenderCodes
from civic.posts.sent_forms import UsedKey
from civic.writes import Writes

PHOTOS_OF_POSTS = "SELECT photo_id AS id FROM post_photo WHERE post_id = ANY($1)"
COUNT_VISIBILITY_CHANGE = """
INSERT INTO visibility_change (id, number) VALUES (1, 1)
ON CONFLICT (id) DO UPDATE SET number = visibility_change.number + 1
"""

Row = TypeVar("Row")
# Called within the transaction in which posts (ids) become visible to everybody (True), or stop being so.
VisibilityHook = Callable[[Sequence[int], bool], Awaitable[None]]
_visibility_hooks: Sequence[VisibilityHook] | None = None
# Called within the transaction in which somebody comments on a post, not in the name of a department.
CommentHook = Callable[[Comment, Person], Awaitable[None]]
_comment_hooks: Sequence[CommentHook] = ()
# Called within the transaction in which moderators show posts (ids) that had been held, or hidden before their release.
ReleaseHook = Callable[[Sequence[int], Person], Awaitable[None]]
_release_hooks: Sequence[ReleaseHook] = ()
ADD_VOTE = "INSERT INTO vote (post_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
REMOVE_VOTE = "DELETE FROM vote WHERE post_id = $1 AND user_id = $2"
ADD_PHOTOS = """
INSERT INTO post_photo (post_id, photo_id, position)
SELECT $1, photo.id, photo.place - 1 + (SELECT count(*) FROM post_photo WHERE post_id = $1)
FROM unnest($2::bigint[]) WITH ORDINALITY AS photo (id, place)
"""
LOCK_POST = "SELECT visibility FROM post WHERE id = $1 FOR UPDATE"


def set_visibility_hooks(hooks: Sequence[VisibilityHook]) -> None:
    """What follows for each kind of post when its visibility changes; every program sets it once, at its start.

    Moderation knows posts of no kind, and a kind's rules belong to its own actions.
    """
    global _visibility_hooks
    _visibility_hooks = hooks


def set_comment_hooks(hooks: Sequence[CommentHook]) -> None:
    """What follows for each kind of post when somebody comments on it; every program sets it once, at its start."""
    global _comment_hooks
    _comment_hooks = hooks


def set_release_hooks(hooks: Sequence[ReleaseHook]) -> None:
    """What follows for each kind of post when it is released; it is called again when one is restored."""
    global _release_hooks
    _release_hooks = hooks


async def posts_released(post_ids: Sequence[int], by: Person) -> None:
    """Do what was put off while these posts were held, in the transaction in hand."""
    for hook in _release_hooks:
        await hook(post_ids, by)


async def visibility_changed(post_ids: Sequence[int], public: bool) -> None:
    """Do what follows, in the transaction in hand, when posts became public, or stopped being so."""
    if _visibility_hooks is None:
        raise RuntimeError("This program moderates posts and has not called set_visibility_hooks.")
    for hook in _visibility_hooks if post_ids else ():
        await hook(post_ids, public)
    if post_ids:
        await execute(COUNT_VISIBILITY_CHANGE)


async def set_photos_public(post_ids: Sequence[int], public: bool) -> None:
    """Say who may see the photos of posts, in the transaction in hand."""
    rows = await fetch(PHOTOS_OF_POSTS, list(post_ids))
    await media.set_photos_public([row["id"] for row in rows], public)


@dataclass(frozen=True)
class NewPost:
    """A post before it has a row."""

    kind: str
    text: str
    title: str = ""
    email: str = ""
    email_confirmed: bool = False  # this browser confirmed it before
    language: str = ""
    channel: str = "web"
    client_key: str | None = None
    source: str | None = None
    private: bool = False
    held: bool = False  # until a moderator has looked at it
    receipt: str | None = None  # the code of an author without an account; None: `make_post` makes one
    photos: Sequence[Photo] = ()


@dataclass(frozen=True)
class Posted(Generic[Row]):
    """A post that is in the database, with the row of its kind."""

    post: Post
    row: Row
    receipt: str | None = None  # the code of an author without an account
    again: bool = False  # it had been sent under the same key before
    own: bool = True  # whoever sends it is its author: not so if a stranger sends a used key

    @property
    def path(self) -> str:
        """The address of its page."""
        return self.post.path

    @property
    def held(self) -> bool:
        """Nobody else sees it until a moderator has looked at it."""
        return self.post.visibility == Visibility.HELD


@retry_transaction
async def post_once(
    client_key: str | None,
    create: Callable[[], Awaitable[Posted[Row]]],
    find: Callable[[Post], Awaitable[Row | None]],
    author: Person,
    codes: SenderCodes = NO_CODES,
) -> Posted[Row]:
    """Create a post in one transaction; the same key twice is one post, whoever sends it.

    `find` gives the row of a post that has the key already, or None if that post says something else: then UsedKey
    is raised. Only the same `author`, or the browser that has or makes its code, is told more than that it is there.
    """

    async def find_earlier() -> Posted[Row] | None:
        post = await post_by_client_key(client_key)
        if post is None:
            return None
        if (row := await find(post)) is None:
            raise UsedKey(post.path if author_is(post, author, codes.code_of(post.receipt_hash)) else "")
        code = codes.code_of(post.receipt_hash)
        return Posted(post, row, code, again=True, own=author_is(post, author, code))

    try:
        async with in_transaction():
            return await find_earlier() or await create()
    except IntegrityError:
        # Two sent the same key at once: the other one's post is kept.
        if earlier := await find_earlier():
            return earlier
        raise


def make_post(new: NewPost, author: Person, post_id: int, path: str) -> tuple[Post, str | None]:
    """A post of now whose page is at `path`, not written yet; with the receipt code if the author has no account."""
    code = None if author.signed_in else new.receipt or receipts.new_code()
    visibility = Visibility.PRIVATE if new.private else Visibility.PUBLIC
    now = timing.now()
    post = Post(
        id=post_id,
        kind=new.kind,
        author_id=author.id or None,
        email="" if author.signed_in else new.email,
        email_confirmed_at=now if new.email_confirmed and not author.signed_in else None,
        receipt_hash=receipts.code_digest(code) if code else None,
        title=new.title,
        text=new.text,
        language=new.language,
        created_at=now,
        visibility=Visibility.HELD if new.held else visibility,
        visibility_before=visibility if new.held else "",
        path=path,
        photos_count=len(new.photos),
        cover_id=new.photos[0].id if new.photos else None,
        channel=new.channel,
        client_key=new.client_key,
        source=new.source,
    )
    return post, code


async def write_post(post: Post, photos: Sequence[Photo] = (), writes: Writes | None = None) -> None:
    """Write a post together with the rows of its kind (`writes`), within the caller's transaction."""
    writes = writes or Writes()
    writes.insert(post)
    if photos:
        writes.add(ADD_PHOTOS, post.id, [photo.id for photo in photos])
    await writes.run()
    if photos:
        await media.attach_photos(photos, public=post.visibility == Visibility.PUBLIC)
    if post.visibility == Visibility.HELD:
        await _tell_moderators(post.created_at)


async def add_photos(post_id: int, photos: Sequence[Photo]) -> bool:
    """Add photos behind those of a post, in the transaction in hand; False, and none added, if they would be too many.

    Who may see the post sees them.
    """
    await fetch_one(LOCK_POST, post_id)
    post = await Post.get(id=post_id)
    if post.photos_count + len(photos) > MAX_POST_PHOTOS:
        return False
    await execute(ADD_PHOTOS, post_id, [photo.id for photo in photos])
    await media.attach_photos(photos, public=post.visibility == Visibility.PUBLIC)
    post.photos_count += len(photos)
    post.cover_id = post.cover_id or photos[0].id
    await post.save(update_fields=["photos_count", "cover_id"])
    return True


async def _tell_moderators(at: datetime) -> None:
    """Once a day: something is held and waits for them."""
    await notify(f"held:{(await city()).local(at):%Y-%m-%d}", "held", role="dispatcher", url="/desk/moderation")


@retry_transaction
async def add_comment(post_id: int, by: Person, form: CommentForm, *, held: bool = False) -> Comment:
    """Add a comment; one for a department of the author is official. Nobody else reads a held one until its release.

    Raises NotFound (the post is hidden or private), NotAllowed (not signed in, not their department).
    """
    if not by.signed_in or (form.department is not None and not by.acts_for(form.department)):
        raise NotAllowed()
    async with in_transaction():
        await lock_public_post(post_id)
        comment = await Comment.create(
            post_id=post_id,
            author_id=by.id,
            department_id=form.department,
            suggestion=form.suggestion and form.department is None,
            text=form.text,
            created_at=timing.now(),
            hidden_at=timing.now() if held else None,
            held=held,
        )
        await (_tell_moderators(comment.created_at) if held else comment_shown(comment, by))
    return comment


async def comment_shown(comment: Comment, by: Person) -> None:
    """Count a comment that everybody reads from now on, and do what follows; in the caller's transaction."""
    await Post.filter(id=comment.post_id).update(comments_count=F("comments_count") + 1)
    for hook in _comment_hooks if comment.department_id is None else ():
        await hook(comment, by)


@retry_transaction
async def vote(post_id: int, by: Person) -> None:
    """Support a post. A person supports it once, however often they ask."""
    if not by.signed_in:
        raise NotAllowed()
    async with in_transaction():
        await lock_public_post(post_id)
        await add_vote(post_id, by.id)


async def add_vote(post_id: int, user_id: int) -> None:
    """As `vote`, in the transaction in hand, which has locked the post."""
    added = await execute(ADD_VOTE, post_id, user_id, timing.now())
    await Post.filter(id=post_id).update(votes_count=F("votes_count") + added)


@retry_transaction
async def unvote(post_id: int, by: Person) -> None:
    """Withdraw the support."""
    async with in_transaction():
        await fetch_one(LOCK_POST, post_id)  # first, as `vote` does: neither waits for the other
        removed = await execute(REMOVE_VOTE, post_id, by.id)
        await Post.filter(id=post_id).update(votes_count=F("votes_count") - removed)


async def lock_public_post(post_id: int) -> None:
    """Lock a post that everybody may see. Raises NotFound."""
    row = await fetch_one(LOCK_POST, post_id)
    if row is None or row["visibility"] != Visibility.PUBLIC:
        raise NotFound()
