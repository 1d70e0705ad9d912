"""The tables of posts."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, row_id
from civic.posts.models import Visibility

TABLES = [
    ops.CreateModel(
        name="Post",
        fields=[
            ("id", row_id()),
            ("kind", fields.CharField(max_length=32)),
            foreign_key("author", "User", null=True, related_name="posts"),
            ("email", fields.CharField(default="", max_length=254)),
            ("email_confirmed_at", fields.DatetimeField(null=True)),
            ("receipt_hash", fields.CharField(null=True, unique=True, max_length=64)),
            ("title", fields.CharField(default="", max_length=200)),
            ("text", fields.TextField(unique=False)),
            ("language", fields.CharField(default="", max_length=12)),
            ("created_at", fields.DatetimeField()),
            ("visibility", fields.CharEnumField(default=Visibility.PUBLIC, enum_type=Visibility, max_length=8)),
            ("visibility_before", fields.CharField(default="", max_length=8)),
            ("made_private", fields.BooleanField(default=False)),
            ("hidden_reason", fields.CharField(default="", max_length=20)),
            ("path", fields.CharField(default="", max_length=160)),
            ("votes_count", fields.IntField(default=0)),
            ("comments_count", fields.IntField(default=0)),
            ("photos_count", fields.IntField(default=0)),
            foreign_key("cover", "Photo", null=True, related_name=False),
            ("channel", fields.CharField(default="web", max_length=12)),
            ("client_key", fields.CharField(null=True, unique=True, max_length=64)),
            ("source", fields.CharField(null=True, unique=True, max_length=300)),
            ("source_url", fields.CharField(default="", max_length=500)),
        ],
        options={"table": "post", "indexes": [Index(fields=["kind", "created_at"])]},
    ),
    ops.CreateModel(
        name="PostPhoto",
        fields=[
            ("id", row_id()),
            foreign_key("post", "Post", related_name="post_photos"),
            foreign_key("photo", "Photo", related_name=False),
            ("position", fields.SmallIntField(default=0)),
        ],
        options={"table": "post_photo", "unique_together": (("post", "photo"),)},
    ),
    ops.CreateModel(
        name="Comment",
        fields=[
            ("id", row_id()),
            foreign_key("post", "Post", related_name="comments"),
            foreign_key("author", "User", null=True, related_name="comments"),
            foreign_key("department", "Department", null=True, related_name=False),
            ("suggestion", fields.BooleanField(default=False)),
            ("text", fields.TextField(unique=False)),
            ("created_at", fields.DatetimeField()),
            ("hidden_at", fields.DatetimeField(null=True)),
            ("held", fields.BooleanField(default=False)),
            ("erased_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "comment", "indexes": [Index(fields=["post_id", "created_at"])]},
    ),
    ops.CreateModel(
        name="Vote",
        fields=[
            ("id", row_id()),
            foreign_key("post", "Post", related_name="votes"),
            foreign_key("user", "User", related_name="votes"),
            ("created_at", fields.DatetimeField()),
        ],
        options={"table": "vote", "unique_together": (("post", "user"),)},
    ),
    ops.CreateModel(
        name="Flag",
        fields=[
            ("id", row_id()),
            foreign_key("post", "Post", related_name="flags"),
            foreign_key("comment", "Comment", null=True, related_name="flags"),
            ("line", fields.CharField(default="", max_length=32)),
            foreign_key("user", "User", null=True, related_name=False),
            ("reason", fields.CharField(max_length=20)),
            ("text", fields.CharField(default="", max_length=500)),
            ("created_at", fields.DatetimeField()),
            ("settled_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "flag", "indexes": [Index(fields=["settled_at", "created_at"])]},
    ),
    ops.CreateModel(
        name="Moderation",
        fields=[
            ("id", row_id()),
            foreign_key("post", "Post", related_name="moderations"),
            foreign_key("comment", "Comment", null=True, related_name="moderations"),
            ("line", fields.CharField(default="", max_length=32)),
            foreign_key("moderator", "User", related_name=False),
            ("act", fields.CharField(max_length=8)),
            ("reason", fields.CharField(max_length=20)),
            ("text", fields.CharField(default="", max_length=500)),
            ("at", fields.DatetimeField()),
        ],
        options={"table": "moderation"},
    ),
    ops.CreateModel(
        name="VisibilityChange",
        fields=[
            ("id", fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True)),
            ("number", fields.BigIntField()),
        ],
        options={"table": "visibility_change"},
    ),
    ops.CreateModel(
        name="SentForm",
        fields=[
            ("key_hash", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
            ("content_hash", fields.CharField(max_length=64)),
            ("at", fields.DatetimeField(db_index=True)),
        ],
        options={"table": "sent_form"},
    ),
]
