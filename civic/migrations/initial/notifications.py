"""The tables of notifications."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, json_field, row_id

TABLES = [
    ops.CreateModel(
        name="Message",
        fields=[
            ("id", row_id()),
            ("key", fields.CharField(unique=True, max_length=200)),
            ("kind", fields.CharField(max_length=40)),
            ("values", json_field(default=dict)),
            ("url", fields.CharField(default="", max_length=300)),
            foreign_key("user", "User", null=True, related_name="messages"),
            foreign_key("department", "Department", null=True, related_name="messages"),
            ("role", fields.CharField(default="", max_length=12)),
            ("email", fields.CharField(default="", max_length=254)),
            ("about", fields.CharField(default="", max_length=40)),
            ("language", fields.CharField(default="", max_length=12)),
            ("created_at", fields.DatetimeField()),
            ("read_at", fields.DatetimeField(null=True)),
        ],
        options={
            "table": "message",
            "indexes": [
                Index(fields=["user_id", "created_at"]),
                Index(fields=["department_id", "created_at"]),
                Index(fields=["role", "created_at"]),
            ],
        },
    ),
    ops.CreateModel(
        name="Delivery",
        fields=[
            ("id", row_id()),
            foreign_key("message", "Message", related_name="deliveries"),
            ("channel", fields.CharField(max_length=12)),
            ("ended_at", fields.DatetimeField(db_index=True)),
            ("refusal", fields.CharField(default="", max_length=300)),
        ],
        options={"table": "delivery", "unique_together": (("message", "channel"),)},
    ),
    ops.CreateModel(
        name="MailStop",
        fields=[
            ("id", row_id()),
            ("address", fields.CharField(max_length=64)),
            ("about", fields.CharField(default="", max_length=40)),
            ("created_at", fields.DatetimeField()),
        ],
        options={"table": "mail_stop", "unique_together": (("address", "about"),)},
    ),
]
