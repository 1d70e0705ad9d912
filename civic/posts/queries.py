"""Reads of posts and of what is below them on their pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from civic.accounts.people import Person
from civic.catalogue.catalogue import DepartmentView
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch, fetch_one, make_from_row
from civic.errors import Invalid, NotFound
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.posts import receipts
from civic.posts.lines import Line, find_lines
from civic.posts.models import Comment, Post, PostPhoto, Visibility
from civic.posts.sql import BY_CLIENT_KEY, COUNT_HELD, VISIBILITY_CHANGES

MAX_COMMENTS_SHOWN = 200
COMMENTS = """
SELECT c.id, c.text, c.created_at AS at, coalesce(u.name, '') AS author, d.names AS department, c.suggestion,
       c.hidden_at IS NOT NULL AS hidden, c.held, c.erased_at IS NOT NULL AS erased, c.author_id = $2 AS own
FROM comment c LEFT JOIN user_account u ON u.id = c.author_id LEFT JOIN department d ON d.id = c.department_id
WHERE c.post_id = $1 AND (c.hidden_at IS NULL OR $3 OR c.author_id = $2)
ORDER BY c.created_at, c.id LIMIT $4
"""
OWN_POSTS = """
SELECT kind, path, coalesce(nullif(title, ''), left(text, 80)) AS heading, created_at, votes_count, comments_count,
       visibility
FROM post WHERE author_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
"""
POSTS_OF_DEVICE = """
SELECT kind, path, coalesce(nullif(title, ''), left(text, 80)) AS heading, created_at, votes_count, comments_count,
       visibility
FROM post WHERE receipt_hash = ANY($1) ORDER BY created_at DESC, id DESC
"""
HAS_VOTED = "SELECT 1 AS x FROM vote WHERE post_id = $1 AND user_id = $2"
AUTHOR_CONFIRMED = """
SELECT 1 AS x FROM post p LEFT JOIN user_account u ON u.id = p.author_id
WHERE p.id = $1 AND coalesce(u.email_confirmed_at, p.email_confirmed_at) IS NOT NULL
"""
MAX_COMMENTS_FOUND = 100  # of a post that are found, the latest
PUBLIC_COMMENTS = """
SELECT post_id, text FROM (
    SELECT post_id, text, department_id, created_at, row_number() OVER (PARTITION BY post_id ORDER BY id DESC) AS n
    FROM comment WHERE post_id = ANY($1) AND hidden_at IS NULL) c
WHERE n <= $2 ORDER BY post_id, department_id IS NULL, created_at
"""
OPEN_FLAGS = """
SELECT f.post_id, f.comment_id, f.line, p.path, p.kind, coalesce(c.text, p.text) AS text,
       CASE WHEN f.comment_id IS NULL THEN p.visibility = 'hidden' ELSE c.hidden_at IS NOT NULL END AS hidden,
       bool_or(f.line <> '' AND EXISTS (
           SELECT FROM moderation m WHERE m.line = f.line AND m.act = 'hide' AND m.moderator_id = f.user_id)
       ) AS withdrawn,
       array_agg(DISTINCT f.reason::text) AS reasons,
       coalesce(array_agg(f.text) FILTER (WHERE f.text <> ''), '{}') AS notes,
       count(*) AS count, min(f.created_at) AS since
FROM flag f JOIN post p ON p.id = f.post_id LEFT JOIN comment c ON c.id = f.comment_id
WHERE f.settled_at IS NULL
GROUP BY f.post_id, f.comment_id, f.line, p.path, p.kind, p.text, c.text, p.visibility, c.hidden_at
ORDER BY count(*) DESC, min(f.created_at) LIMIT $1
"""
HELD = """
SELECT x.post_id, x.comment_id, x.kind, x.path, x.text, x.since, coalesce(u.name, '') AS author FROM (
    SELECT id AS post_id, NULL::bigint AS comment_id, kind, path, concat_ws(E'\n', nullif(title, ''), text) AS text,
           created_at AS since, author_id
    FROM post WHERE visibility = 'held'
    UNION ALL
    SELECT p.id, c.id, p.kind, p.path, c.text, c.created_at, c.author_id
    FROM comment c JOIN post p ON p.id = c.post_id WHERE c.held) x
LEFT JOIN user_account u ON u.id = x.author_id
ORDER BY since, post_id, comment_id LIMIT $1
"""
MODERATION_LOG = """
SELECT m.act, m.reason, m.text, m.at, u.name AS moderator, p.path, p.kind, m.post_id, m.comment_id, m.line,
       left(CASE WHEN m.comment_id IS NULL THEN coalesce(nullif(p.title, ''), p.text) ELSE c.text END, 200) AS quote,
       CASE WHEN m.comment_id IS NULL THEN p.visibility = 'hidden'
            ELSE c.hidden_at IS NOT NULL AND c.erased_at IS NULL END AS hidden,
       p.made_private AND p.visibility = 'private' AS made_private
FROM moderation m JOIN user_account u ON u.id = m.moderator_id JOIN post p ON p.id = m.post_id
LEFT JOIN comment c ON c.id = m.comment_id
ORDER BY m.id DESC LIMIT $1
"""


@dataclass(frozen=True)
class Viewer:
    """The person who looks, and the receipt codes that their browser holds."""

    person: Person
    codes_by_digest: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, person: Person, codes: Iterable[str] = ()) -> "Viewer":
        return cls(person, {receipts.code_digest(code): code for code in codes})

    def wrote(self, author_id: int | None, receipt_hash: str | None) -> bool:
        """This viewer is the author: signed in as them, or holding the post's receipt."""
        if author_id is not None:
            return self.person.id == author_id
        return receipt_hash is not None and receipt_hash in self.codes_by_digest


def about_post(post_id: int) -> str:
    """How a mail names the post that it is about, so that such mails can be stopped."""
    return f"post:{post_id}"


def may_see(viewer: Viewer, visibility: str, *, author: bool, at_work: bool = False) -> bool:
    """Whether this viewer may see a post: the one rule for every page, export and feed.

    Public: everybody. Private (by its category): its author, people who work on it (`at_work`) and dispatchers. Hidden
    by a moderator: dispatchers, and its author, who learns the reason. Held: the same, until it is released.
    """
    if visibility == Visibility.PUBLIC or author:
        return True
    return viewer.person.is_dispatcher or (visibility == Visibility.PRIVATE and at_work)


async def visible_post(post_id: int, viewer: Viewer) -> Post:
    """The post, if this viewer may see it. Raises NotFound, which does not say whether it exists."""
    post = await Post.get_or_none(id=post_id)
    if post is None or not may_see(viewer, post.visibility, author=viewer.wrote(post.author_id, post.receipt_hash)):
        raise NotFound()
    return post


@dataclass(frozen=True)
class CommentView:
    id: int
    text: str
    at: datetime
    author: str  # empty: a resident
    department: dict[str, str] | None  # set: an official word
    suggestion: bool
    hidden: bool
    held: bool  # beyond a limit: until a moderator has looked, its author and the moderators see it
    erased: bool
    own: bool


@dataclass(frozen=True)
class Discussion:
    """What templates/posts/_talk.html shows below a post of any kind."""

    post_id: int
    path: str
    comments: list[CommentView]
    count: int
    votes: int
    voted: bool
    open: bool  # comments and votes are taken
    speaks: list[DepartmentView]  # departments for which the viewer can comment


async def read_discussion(post: Post, viewer: Viewer, *, has_comments: bool = True) -> Discussion:
    """Comments (oldest first, at most MAX_COMMENTS_SHOWN; hidden ones for dispatchers and their author) and votes.

    `has_comments`: False where it is known that there are none.
    """
    person = viewer.person
    rows = await fetch(COMMENTS, post.id, person.id, person.is_dispatcher, MAX_COMMENTS_SHOWN) if has_comments else []
    return Discussion(
        post_id=post.id,
        path=post.path,
        comments=[CommentView(**(row | {"own": bool(row["own"])})) for row in rows],
        count=post.comments_count,
        votes=post.votes_count,
        voted=await _voted(post.id, viewer.person),
        open=post.visibility == Visibility.PUBLIC,
        speaks=await _speaks(viewer.person),
    )


async def _speaks(person: Person) -> list[DepartmentView]:
    if not person.is_staff:
        return []
    return [one for one in (await catalogue()).departments if one.id in person.departments]


async def _voted(post_id: int, person: Person) -> bool:
    if not person.signed_in:
        return False
    return await fetch_one(HAS_VOTED, post_id, person.id) is not None


@dataclass(frozen=True)
class FlagView:
    """A post, comment or line that somebody flagged, as the moderators' list shows it.

    `withdrawn`: the department that wrote the line hid it itself.
    """

    post_id: int
    comment_id: int | None
    line: str
    path: str
    kind: str
    text: str
    hidden: bool
    withdrawn: bool
    reasons: list[str]
    notes: list[str]
    count: int
    since: datetime


async def open_flags(limit: int = 100) -> list[FlagView]:
    """Posts, comments and lines with open flags, the most flagged first."""
    rows = await fetch(OPEN_FLAGS, limit)
    lines = await find_lines({row["line"] for row in rows if row["line"]})
    return [FlagView(**_placed(row, lines, texts="text")) for row in rows]


def _placed(row: Row, lines: Mapping[str, Line], *, texts: str) -> Row:
    """The row of a flag or of the log with the address of what it is about; of a line also whether it is hidden.

    `texts`: the column that quotes it.
    """
    if row["comment_id"]:
        return row | {"path": f"{row['path']}#comment-{row['comment_id']}"}
    if not row["line"]:
        return row
    line = lines.get(row["line"])
    text = {texts: line.text if line else ""}
    return row | text | {"path": row["path"] + (line.anchor if line else ""), "hidden": bool(line and line.hidden)}


@dataclass(frozen=True)
class HeldItem:
    """A post, or a comment on one, that waits for a moderator's look."""

    post_id: int
    comment_id: int | None
    kind: str
    path: str
    text: str
    author: str  # empty: no account
    since: datetime
    photos: list[Photo]
    line: str = ""


@dataclass(frozen=True)
class HeldPage:
    """What is held, the oldest first; `count` is all of it."""

    items: list[HeldItem]
    count: int


async def held_posts(limit: int = 50) -> HeldPage:
    """Posts and comments that moderators have to look at."""
    rows = await fetch(HELD, limit)
    photos = await photos_of([row["post_id"] for row in rows if row["comment_id"] is None])
    items = [HeldItem(**row, photos=[] if row["comment_id"] else photos[row["post_id"]]) for row in rows]
    return HeldPage(items, await count_held())


async def find_own_comment(post_id: int, author_id: int, text: str) -> Comment | None:
    """The latest comment of theirs under a post with this text."""
    return await Comment.filter(post_id=post_id, author_id=author_id, text=text).order_by("-id").first()


async def count_held() -> int:
    """How many posts and comments wait for a moderator's look."""
    [row] = await fetch(COUNT_HELD)
    return int(row["n"])


@dataclass(frozen=True)
class ModerationEntry:
    """What a moderator did, by the codes of Moderation.act; `hidden` is whether it is hidden now.

    `quote` is how its text begins; "" where there is none, or none any more.
    """

    act: str
    reason: str
    text: str
    at: datetime
    moderator: str
    path: str
    kind: str
    quote: str
    post_id: int
    comment_id: int | None
    line: str
    hidden: bool
    made_private: bool  # its post is private now, and was sent in public

    @property
    def can_be_restored(self) -> bool:
        return self.hidden if self.act == "hide" else self.made_private and self.act == "private"


async def moderation_log(limit: int = 50) -> list[ModerationEntry]:
    """The latest entries of the log."""
    rows = await fetch(MODERATION_LOG, limit)
    lines = await find_lines({row["line"] for row in rows if row["line"]})
    return [ModerationEntry(**_placed(row, lines, texts="quote")) for row in rows]


@dataclass(frozen=True)
class OwnPost:
    """A post as its author's account page lists it."""

    kind: str
    path: str
    heading: str
    created_at: datetime
    votes_count: int
    comments_count: int
    visibility: str


async def list_own_posts(author_id: int, limit: int = 50) -> list[OwnPost]:
    """A person's latest posts."""
    return [OwnPost(**row) for row in await fetch(OWN_POSTS, author_id, limit)]


async def list_posts_of_device(codes: Sequence[str]) -> list[OwnPost]:
    """The posts whose receipt codes a browser holds, the latest first."""
    digests = [receipts.code_digest(code) for code in codes]
    return [OwnPost(**row) for row in await fetch(POSTS_OF_DEVICE, digests)] if digests else []


async def photos_of(post_ids: list[int]) -> dict[int, list[Photo]]:
    """The photos of these posts, in order, by post id."""
    found: dict[int, list[Photo]] = {post_id: [] for post_id in post_ids}
    if post_ids:
        rows = PostPhoto.filter(post_id__in=post_ids).select_related("photo")
        for row in await rows.order_by("post_id", "position", "id"):
            found[row.post_id].append(row.photo)
    return found


async def area_id_at(lat: float, lon: float) -> int | None:
    """The deepest area of a post's place; None in a city without areas. Raises Invalid (field "place") outside."""
    known = await areas()
    area = known.at(lat, lon)
    if area is None and len(known):
        raise Invalid(fields={"place": _("This place is outside the city.")})
    return area.id if area else None


async def count_visibility_changes() -> int:
    """How often posts became public or stopped being so: what is counted and kept is of one such number."""
    [row] = await fetch(VISIBILITY_CHANGES)
    return int(row["number"])


async def post_by_client_key(key: str | None) -> Post | None:
    """The post that has this key: asked twice for each post, where there hardly ever is one."""
    row = await fetch_one(BY_CLIENT_KEY, key) if key else None
    return make_from_row(Post, row) if row else None


def author_is(post: Post, person: Person, code: str | None) -> bool:
    """Whether this person, or the browser that shows this code of the post, wrote it."""
    return code is not None if post.author_id is None else post.author_id == person.id


async def post_by_code(code: str) -> Post | None:
    """The post that has this receipt code."""
    return await Post.get_or_none(receipt_hash=receipts.code_digest(code))


async def email_is_known(email: str, codes: Sequence[str]) -> bool:
    """Whether the browser with these receipt codes sent a post before whose address, this one, was confirmed."""
    if not email or not codes:
        return False
    digests = [receipts.code_digest(code) for code in codes]
    return await Post.exists(receipt_hash__in=digests, email=email, email_confirmed_at__not_isnull=True)


async def comments_of(post_ids: Sequence[int]) -> dict[int, list[str]]:
    """The texts of the comments that everybody sees, official ones first, by post id."""
    comments: dict[int, list[str]] = {}
    for row in await fetch(PUBLIC_COMMENTS, list(post_ids), MAX_COMMENTS_FOUND) if post_ids else ():
        comments.setdefault(row["post_id"], []).append(row["text"])
    return comments


async def author_email_is_confirmed(post_id: int) -> bool:
    """Whether the post's author has shown that their e-mail is theirs: of their account, or the one of the post."""
    return await fetch_one(AUTHOR_CONFIRMED, post_id) is not None
