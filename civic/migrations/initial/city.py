"""The tables of city."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import json_field

TABLES = [
    ops.CreateModel(
        name="City",
        fields=[
            ("id", fields.IntField(primary_key=True, generated=True)),
            ("names", json_field()),
            ("languages", json_field()),
            ("zone", fields.CharField(max_length=64)),
            ("phone", fields.CharField(default="", max_length=40)),
            ("accent", fields.CharField(default="", max_length=7)),
            ("settings", json_field(default=dict)),
            ("bbox", json_field(default=list)),
            ("contents", json_field(default=dict)),
            ("pack_hash", fields.CharField(max_length=64)),
            ("base_map", fields.CharField(default="", max_length=40)),
            ("gazetteer", fields.CharField(default="", max_length=64)),
            ("demo", fields.BooleanField(default=False)),
            ("version", fields.IntField(default=1)),
            ("loaded_at", fields.DatetimeField()),
        ],
        options={"table": "city"},
    ),
]
