"""The tables of geo."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Area",
        fields=[
            ("id", row_id()),
            ("slug", fields.CharField(unique=True, max_length=64)),
            foreign_key("parent", "Area", null=True, related_name="children"),
            ("level", fields.SmallIntField()),
            ("names", json_field()),
            ("geometry", json_field()),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "area"},
    ),
    ops.CreateModel(
        name="Place",
        fields=[
            ("id", row_id()),
            ("kind", fields.CharField(default="pack", max_length=8)),
            ("names", json_field()),
            ("lat", fields.FloatField()),
            ("lon", fields.FloatField()),
        ],
        options={"table": "place", "indexes": [Index(fields=["lat", "lon"])]},
    ),
]
