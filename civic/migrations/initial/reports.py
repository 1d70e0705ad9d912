"""The tables of reports."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, one_to_one, row_id

TABLES = [
    ops.CreateModel(
        name="Report",
        fields=[
            ("id", row_id()),
            one_to_one("post", "Post", related_name="report"),
            foreign_key("case", "Case", related_name="reports"),
            ("main", fields.BooleanField(default=True)),
            foreign_key("category", "Category", null=True, related_name="reports"),
            foreign_key("area", "Area", null=True, related_name="reports"),
            ("lat", fields.FloatField()),
            ("lon", fields.FloatField()),
            ("located_by", fields.CharField(default="pin", max_length=8)),
            ("accuracy", fields.IntField(null=True)),
            ("shape", json_field(null=True)),
            ("address", fields.CharField(default="", max_length=300)),
            ("place_names", json_field(default=dict)),
            foreign_key("asset", "Asset", null=True, related_name=False),
            ("answers", json_field(default=dict)),
        ],
        options={"table": "report", "indexes": [Index(fields=["lat", "lon"]), Index(fields=["case_id", "main"])]},
    ),
    ops.CreateModel(
        name="Doubt",
        fields=[
            ("id", row_id()),
            foreign_key("case", "Case", related_name="doubts"),
            foreign_key("user", "User", related_name=False),
            ("resolved_at", fields.DatetimeField()),
            ("text", fields.CharField(default="", max_length=1000)),
            ("at", fields.DatetimeField()),
        ],
        options={"table": "doubt", "unique_together": (("case", "user", "resolved_at"),)},
    ),
]
