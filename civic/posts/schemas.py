"""What programs get of posts of every kind."""

from datetime import datetime
from typing import Literal, Self

from civic.posts.queries import FlagView, HeldItem
from civic.schemas import Schema


class PostCountsAnswer(Schema):
    """A post after a vote or a comment: how many it has now."""

    id: int
    votes: int
    comments: int


class CommentAnswer(PostCountsAnswer):
    """After a comment; `held`: everybody reads it after a moderator has looked at it."""

    held: bool


class FlagReasonsAnswer(Schema):
    """The reasons for which a post can be flagged: code → words."""

    reasons: dict[str, str]


class FlagAnswer(Schema):
    flagged: bool = True


class FlaggedItem(Schema):
    """A post, a comment or a line of a history with open flags; `count` is how many, `since` when the first came.

    `withdrawn`: the department that wrote the line hid it itself.
    """

    post: int
    comment: int | None
    line: str | None
    url: str
    kind: str
    text: str
    hidden: bool
    withdrawn: bool
    reasons: list[str]
    count: int
    since: datetime

    @classmethod
    def of(cls, flag: FlagView) -> Self:
        return cls(
            post=flag.post_id,
            comment=flag.comment_id,
            line=flag.line or None,
            url=flag.path,
            kind=flag.kind,
            text=flag.text,
            hidden=flag.hidden,
            withdrawn=flag.withdrawn,
            reasons=flag.reasons,
            count=flag.count,
            since=flag.since,
        )


class HeldAnswer(Schema):
    """A post or a comment that is held until a moderator has looked at it."""

    post: int
    comment: int | None
    url: str
    kind: str
    text: str
    since: datetime

    @classmethod
    def of(cls, item: HeldItem) -> Self:
        return cls(
            post=item.post_id,
            comment=item.comment_id,
            url=item.path,
            kind=item.kind,
            text=item.text,
            since=item.since,
        )


class FlaggedAnswer(Schema):
    """What waits for a moderator: the most flagged first, and the oldest that is held first."""

    flagged: list[FlaggedItem]
    held: list[HeldAnswer]


class ModerationAnswer(Schema):
    done: bool = True


class Receipt(Schema):
    """What a program learns about its post besides the post: a mixin.

    `receipt` is the code of an author without an account. `again`: it had been sent under the same key before. `held`:
    nobody else sees it until a moderator has looked at it.
    """

    receipt: str | None
    again: bool
    held: bool


class SentBeforeAnswer(Schema):
    """Somebody sent a post under this key before; who asks now has not shown that it was them."""

    again: Literal[True] = True
