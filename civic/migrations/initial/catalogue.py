"""The tables of catalogue."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Calendar",
        fields=[
            ("id", row_id()),
            ("slug", fields.CharField(unique=True, max_length=64)),
            ("zone", fields.CharField(max_length=64)),
            ("spec", json_field()),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "calendar"},
    ),
    ops.CreateModel(
        name="Department",
        fields=[
            ("id", row_id()),
            ("slug", fields.CharField(unique=True, max_length=64)),
            foreign_key("parent", "Department", null=True, related_name="children"),
            ("names", json_field()),
            foreign_key("calendar", "Calendar", related_name="departments"),
            ("contacts", json_field(default=dict)),
            ("position", fields.IntField(default=0)),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "department"},
    ),
    ops.CreateModel(
        name="Membership",
        fields=[
            ("id", row_id()),
            foreign_key("user", "User", related_name="memberships"),
            foreign_key("department", "Department", related_name="memberships"),
        ],
        options={"table": "membership", "unique_together": (("user", "department"),)},
    ),
    ops.CreateModel(
        name="Category",
        fields=[
            ("id", row_id()),
            ("code", fields.CharField(unique=True, max_length=64)),
            ("group", json_field(default=dict)),
            ("group_code", fields.CharField(default="", max_length=64)),
            ("names", json_field()),
            ("descriptions", json_field(default=dict)),
            ("questions", json_field(default=list)),
            ("response_target", fields.CharField(max_length=40)),
            ("resolution_target", fields.CharField(max_length=40)),
            ("photo_required", fields.BooleanField(default=False)),
            ("evidence_required", fields.BooleanField(default=False)),
            ("public", fields.BooleanField(default=True)),
            ("shape", fields.CharField(default="point", max_length=5)),
            ("assets", json_field(default=list)),
            ("instead", json_field(default=dict)),
            ("position", fields.IntField(default=0)),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "category"},
    ),
    ops.CreateModel(
        name="Asset",
        fields=[
            ("id", row_id()),
            ("kind", fields.CharField(max_length=64)),
            ("code", fields.CharField(max_length=64)),
            ("lat", fields.FloatField()),
            ("lon", fields.FloatField()),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={
            "table": "asset",
            "unique_together": (("kind", "code"),),
            "indexes": [Index(fields=["kind", "lat", "lon"])],
        },
    ),
    ops.CreateModel(
        name="CategoryDepartment",
        fields=[
            ("id", row_id()),
            foreign_key("category", "Category", related_name="departments"),
            foreign_key("area", "Area", null=True, related_name=False),
            foreign_key("department", "Department", related_name="categories"),
        ],
        options={"table": "category_department", "unique_together": (("category", "area"),)},
    ),
    ops.CreateModel(
        name="Service",
        fields=[
            ("id", row_id()),
            ("slug", fields.CharField(unique=True, max_length=64)),
            ("names", json_field()),
            foreign_key("department", "Department", related_name="services"),
            ("guide", json_field(default=dict)),
            ("url", fields.CharField(default="", max_length=500)),
            ("lat", fields.FloatField(null=True)),
            ("lon", fields.FloatField(null=True)),
            ("position", fields.IntField(default=0)),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "service"},
    ),
]
