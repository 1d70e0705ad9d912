"""The table of imports."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import row_id

TABLES = [
    ops.CreateModel(
        name="ImportAddition",
        fields=[
            ("id", row_id()),
            ("name", fields.CharField(max_length=64)),
            ("kind", fields.CharField(max_length=12)),
            ("key", fields.CharField(max_length=64)),
            ("made_at", fields.DatetimeField()),
        ],
        options={"table": "import_addition", "unique_together": (("kind", "key"),)},
    ),
]
