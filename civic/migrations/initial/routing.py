"""The tables of routing."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Rule",
        fields=[
            ("id", row_id()),
            ("slug", fields.CharField(unique=True, max_length=64)),
            ("names", json_field()),
            ("position", fields.IntField()),
            ("condition", fields.TextField(unique=False)),
            foreign_key("department", "Department", related_name=False),
            ("support", json_field(default=list)),
            ("priority", fields.CharField(default="normal", max_length=8)),
            ("retired_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "rule"},
    ),
    ops.CreateModel(
        name="RuleFault",
        fields=[
            ("id", row_id()),
            foreign_key("rule", "Rule", related_name="faults"),
            ("error", fields.CharField(max_length=300)),
            ("at", fields.DatetimeField()),
            ("context", json_field(default=dict)),
        ],
        options={"table": "rule_fault"},
    ),
]
