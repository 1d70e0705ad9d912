"""The tables of scores."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Release",
        fields=[
            ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
            ("starts_at", fields.DatetimeField()),
            ("ends_at", fields.DatetimeField()),
            ("method", fields.CharField(max_length=8)),
            ("made_at", fields.DatetimeField()),
            ("document", json_field()),
            foreign_key("corrects", "Release", null=True, related_name="corrections"),
            ("reason", fields.CharField(default="", max_length=500)),
        ],
        options={"table": "release"},
    ),
    ops.CreateModel(
        name="ReleaseFile",
        fields=[
            ("id", row_id()),
            foreign_key("release", "Release", related_name="files"),
            ("name", fields.CharField(max_length=40)),
            ("content", fields.BinaryField()),
            ("sha256", fields.CharField(max_length=64)),
        ],
        options={"table": "release_file", "unique_together": (("release", "name"),)},
    ),
]
