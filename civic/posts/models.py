"""What citizens write, and what other people add. Posts know nothing of reports, traffic or ratings."""

from collections.abc import Mapping
from enum import StrEnum

from babel.support import LazyProxy
from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.catalogue.models import Department
from civic.i18n import lazy as _
from civic.media.models import Photo

# Why somebody flags or hides something, by code.
REASONS: Mapping[str, LazyProxy] = {
    "spam": _("Advertising or spam"),
    "abuse": _("Insult, hate or threat"),
    "personal_data": _("Shows somebody's personal data"),
    "wrong": _("Not true, or not here"),
    "other": _("Something else"),
}


MAX_POST_PHOTOS = 20  # in all, with those that are added later


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"  # its author and the desk only (the category says so)
    HIDDEN = "hidden"  # by a moderator; with the reason "spam" it counts nowhere
    HELD = "held"  # beyond a limit: its author and the moderators only, until one of these releases it


class Post(Model):
    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(32)  # "report", "traffic", "rating": the name that its domain gives it
    author: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="posts", null=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    email = fields.CharField(254, default="")  # of an author without an account; personal data
    email_confirmed_at = fields.DatetimeField(null=True)  # `email`, by the link of a mail
    # digest (signing) of the receipt code: a post without an account belongs to the person who shows the code
    receipt_hash = fields.CharField(64, null=True, unique=True)
    title = fields.CharField(200, default="")
    text = fields.TextField()
    language = fields.CharField(12, default="")
    created_at = fields.DatetimeField()
    visibility = fields.CharEnumField(Visibility, default=Visibility.PUBLIC, max_length=8)
    # what it becomes when a hidden one is restored, or a held one released
    visibility_before = fields.CharField(8, default="")
    made_private = fields.BooleanField(default=False)  # it was sent in public; a dispatcher decided that it is private
    hidden_reason = fields.CharField(20, default="")
    path = fields.CharField(160, default="")  # of its page on this site
    votes_count = fields.IntField(default=0)
    comments_count = fields.IntField(default=0)
    photos_count = fields.IntField(default=0)
    cover: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "civic.Photo", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    cover_id: int | None
    channel = fields.CharField(12, default="web")  # web, api, import, demo
    client_key = fields.CharField(64, null=True, unique=True)  # the same key twice is one post
    source = fields.CharField(300, null=True, unique=True)  # where an import had it from: "boston:101000868437"
    source_url = fields.CharField(500, default="")  # of its page there: an http or https address, shown and never read

    class Meta:
        table = "post"
        indexes = (("kind", "created_at"),)


class PostPhoto(Model):
    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "civic.Post", related_name="post_photos", on_delete=fields.RESTRICT
    )
    post_id: int
    photo: fields.ForeignKeyRelation[Photo] = fields.ForeignKeyField(
        "civic.Photo", related_name=False, on_delete=fields.RESTRICT
    )
    photo_id: int
    position = fields.SmallIntField(default=0)

    class Meta:
        table = "post_photo"
        unique_together = (("post", "photo"),)


class Comment(Model):
    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "civic.Post", related_name="comments", on_delete=fields.RESTRICT
    )
    post_id: int
    author: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="comments", null=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    # set where the author speaks for a department: shown as official
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    department_id: int | None
    suggestion = fields.BooleanField(default=False)  # proposes a solution
    text = fields.TextField()
    created_at = fields.DatetimeField()
    hidden_at = fields.DatetimeField(null=True)
    held = fields.BooleanField(default=False)  # beyond a limit: hidden until a moderator has looked at it
    erased_at = fields.DatetimeField(null=True)  # its text was erased for good

    class Meta:
        table = "comment"
        indexes = (("post_id", "created_at"),)


class Vote(Model):
    """Support: one per person and post, revocable."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "civic.Post", related_name="votes", on_delete=fields.RESTRICT
    )
    post_id: int
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="votes", on_delete=fields.RESTRICT
    )
    user_id: int
    created_at = fields.DatetimeField()

    class Meta:
        table = "vote"
        unique_together = (("post", "user"),)


class Flag(Model):
    """Somebody asks a moderator to look at a post, at a comment or at a line of the history on its page."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "civic.Post", related_name="flags", on_delete=fields.RESTRICT
    )
    post_id: int
    comment: fields.ForeignKeyNullableRelation[Comment] = fields.ForeignKeyField(
        "civic.Comment", related_name="flags", null=True, on_delete=fields.RESTRICT
    )
    comment_id: int | None
    line = fields.CharField(32, default="")  # the name of the line (lines.py); empty: the post or a comment
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    user_id: int | None
    reason = fields.CharField(20)  # spam, abuse, personal_data, wrong, other
    text = fields.CharField(500, default="")
    created_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "flag"
        indexes = (("settled_at", "created_at"),)


class Moderation(Model):
    """The log of what moderators did; append-only."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "civic.Post", related_name="moderations", on_delete=fields.RESTRICT
    )
    post_id: int
    comment: fields.ForeignKeyNullableRelation[Comment] = fields.ForeignKeyField(
        "civic.Comment", related_name="moderations", null=True, on_delete=fields.RESTRICT
    )
    comment_id: int | None
    line = fields.CharField(32, default="")
    moderator: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name=False, on_delete=fields.RESTRICT
    )
    moderator_id: int
    act = fields.CharField(8)  # hide, restore, release, erase, keep, private, public
    reason = fields.CharField(20)
    text = fields.CharField(500, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "moderation"


class VisibilityChange(Model):
    """How often posts became public or stopped being so: what is kept in memory for some seconds goes with it."""

    id = fields.SmallIntField(primary_key=True, generated=False)  # 1: the only row
    number = fields.BigIntField()

    class Meta:
        table = "visibility_change"


class SentForm(Model):
    """A form whose key was used: sent again it does nothing. Posts hold their keys themselves (`Post.client_key`)."""

    key_hash = fields.CharField(64, primary_key=True)  # of the key, of who sent it, and of what it asked
    content_hash = fields.CharField(64)  # of its text
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "sent_form"
