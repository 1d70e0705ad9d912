"""The tables of sla."""

from tortoise import fields
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, row_id
from civic.sla.models import ClockKind

TABLES = [
    ops.CreateModel(
        name="CalendarInterval",
        fields=[
            ("id", row_id()),
            foreign_key("calendar", "Calendar", related_name="intervals"),
            ("opens_at", fields.DatetimeField()),
            ("closes_at", fields.DatetimeField()),
            ("before_seconds", fields.BigIntField()),
            ("local_date", fields.DateField()),
        ],
        options={"table": "calendar_interval", "unique_together": (("calendar", "opens_at"),)},
    ),
    ops.CreateModel(
        name="Clock",
        fields=[
            ("id", row_id()),
            ("kind", fields.CharEnumField(enum_type=ClockKind, max_length=10)),
            ("target", fields.CharField(max_length=40)),
            foreign_key("calendar", "Calendar", related_name=False),
            ("started_at", fields.DatetimeField()),
            ("allowance", fields.FloatField()),
            ("due_at", fields.DatetimeField(null=True)),
            ("promised_at", fields.DatetimeField(null=True)),
            ("half_at", fields.DatetimeField(null=True)),
            ("moved_at", fields.DatetimeField(null=True)),
            ("computed", fields.BooleanField(default=False)),
            ("paused_at", fields.DatetimeField(null=True)),
            ("remaining", fields.FloatField(null=True)),
            ("stopped_at", fields.DatetimeField(null=True)),
            ("step", fields.SmallIntField(default=0)),
            ("step_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "clock"},
    ),
    ops.CreateModel(
        name="ClockStep",
        fields=[
            ("id", row_id()),
            foreign_key("clock", "Clock", related_name="steps"),
            ("step", fields.SmallIntField()),
            ("fired_at", fields.DatetimeField()),
        ],
        options={"table": "clock_step", "unique_together": (("clock", "step"),)},
    ),
]
