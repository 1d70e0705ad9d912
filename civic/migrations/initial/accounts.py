"""The tables of accounts."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.accounts.models import Role
from civic.migrations.initial.columns import foreign_key, row_id

TABLES = [
    ops.CreateModel(
        name="User",
        fields=[
            ("id", row_id()),
            ("email", fields.CharField(db_index=True, max_length=254)),
            ("name", fields.CharField(default="", max_length=80)),
            ("password_hash", fields.CharField(max_length=200)),
            ("role", fields.CharEnumField(default=Role.CITIZEN, enum_type=Role, max_length=12)),
            ("language", fields.CharField(default="", max_length=12)),
            ("created_at", fields.DatetimeField()),
            ("email_confirmed_at", fields.DatetimeField(null=True)),
            ("disabled_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "user_account"},
    ),
    ops.CreateModel(
        name="Session",
        fields=[
            ("id", row_id()),
            ("token_hash", fields.CharField(unique=True, max_length=64)),
            foreign_key("user", "User", related_name="sessions"),
            ("created_at", fields.DatetimeField()),
            ("seen_at", fields.DatetimeField()),
            ("revoked_at", fields.DatetimeField(null=True)),
            ("browser", fields.CharField(default="", max_length=60)),
        ],
        options={"table": "user_session"},
    ),
    ops.CreateModel(
        name="RateCount",
        fields=[
            ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100)),
            ("count", fields.IntField()),
            ("until", fields.DatetimeField(db_index=True)),
        ],
        options={"table": "tally"},
    ),
    ops.CreateModel(
        name="KeptForm",
        fields=[
            ("token_hash", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
            ("browser_hash", fields.CharField(max_length=64)),
            ("address", fields.CharField(default="", max_length=300)),
            ("page", fields.CharField(max_length=600)),
            ("content", fields.TextField(unique=False)),
            ("user_id", fields.BigIntField(null=True)),
            ("until", fields.DatetimeField(db_index=True)),
        ],
        options={"table": "kept_form"},
    ),
]
