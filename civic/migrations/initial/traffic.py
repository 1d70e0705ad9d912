"""The tables of traffic."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, one_to_one, row_id
from civic.traffic.models import TrafficKind

TABLES = [
    ops.CreateModel(
        name="TrafficUpdate",
        fields=[
            ("id", row_id()),
            one_to_one("post", "Post", related_name="traffic"),
            ("kind", fields.CharEnumField(enum_type=TrafficKind, max_length=10)),
            foreign_key("area", "Area", null=True, related_name="traffic"),
            ("lat", fields.FloatField()),
            ("lon", fields.FloatField()),
            ("place", fields.CharField(default="", max_length=300)),
            ("near", json_field(default=dict)),
            ("still_count", fields.IntField(default=0)),
            ("gone_count", fields.IntField(default=0)),
            ("expires_at", fields.DatetimeField()),
            ("ended", fields.CharField(default="", max_length=8)),
        ],
        options={"table": "traffic_update", "indexes": [Index(fields=["expires_at"])]},
    ),
    ops.CreateModel(
        name="Confirmation",
        fields=[
            ("id", row_id()),
            foreign_key("update", "TrafficUpdate", related_name="confirmations"),
            foreign_key("user", "User", related_name=False),
            ("still", fields.BooleanField()),
            ("at", fields.DatetimeField()),
        ],
        options={"table": "traffic_confirmation", "unique_together": (("update", "user"),)},
    ),
]
