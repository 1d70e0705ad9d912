"""The tables of media."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Photo",
        fields=[
            ("id", row_id()),
            ("name", fields.CharField(unique=True, max_length=22)),
            ("content", fields.CharField(db_index=True, max_length=64)),
            ("width", fields.IntField()),
            ("height", fields.IntField()),
            ("sizes", json_field()),
            ("taken_at", fields.DatetimeField(null=True)),
            ("created_at", fields.DatetimeField()),
            ("attached", fields.BooleanField(default=False)),
            ("public", fields.BooleanField(default=True)),
        ],
        options={"table": "photo", "indexes": [Index(fields=["attached", "created_at"])]},
    ),
]
