"""The tables of cases."""

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.cases.models import AssignmentPart, Outcome
from civic.cases.status import Status
from civic.migrations.initial.columns import foreign_key, json_field, one_to_one, row_id

TABLES = [
    ops.CreateModel(
        name="Case",
        fields=[
            ("id", row_id()),
            ("number", fields.CharField(unique=True, max_length=16)),
            ("status", fields.CharEnumField(default=Status.RECEIVED, enum_type=Status, max_length=12)),
            foreign_key("category", "Category", null=True, related_name="cases"),
            foreign_key("area", "Area", null=True, related_name="cases"),
            foreign_key("department", "Department", null=True, related_name="cases"),
            ("priority", fields.CharField(default="normal", max_length=8)),
            ("received_at", fields.DatetimeField()),
            one_to_one("response_clock", "Clock", related_name="case_response"),
            one_to_one("resolution_clock", "Clock", related_name="case_resolution"),
            ("first_word_at", fields.DatetimeField(null=True)),
            ("waiting_until", fields.DatetimeField(null=True)),
            ("resolved_at", fields.DatetimeField(null=True)),
            ("confirm_until", fields.DatetimeField(null=True)),
            ("confirmed_by", fields.CharField(default="", max_length=8)),
            ("dispute_until", fields.DatetimeField(null=True)),
            ("declined_reason", fields.CharField(default="", max_length=20)),
            ("decline_overturned", fields.BooleanField(default=False)),
            ("reopened", fields.IntField(default=0)),
            ("handovers", fields.IntField(default=0)),
            ("due_at", fields.DatetimeField(null=True)),
            foreign_key("merged_into", "Case", null=True, related_name="merged"),
            ("counted", fields.BooleanField(default=True)),
            ("events_count", fields.IntField(default=0)),
            ("head", fields.BinaryField(null=True)),
        ],
        options={
            "table": "case_file",
            "indexes": [
                Index(fields=["received_at", "id"]),
                Index(fields=["status", "received_at"]),
                Index(fields=["department_id", "received_at"]),
                Index(fields=["category_id", "received_at"]),
                Index(fields=["area_id", "received_at"]),
                Index(fields=["due_at"]),
            ],
        },
    ),
    ops.CreateModel(
        name="Assignment",
        fields=[
            ("id", row_id()),
            foreign_key("case", "Case", related_name="assignments"),
            foreign_key("department", "Department", related_name="assignments"),
            ("part", fields.CharEnumField(default=AssignmentPart.LEAD, enum_type=AssignmentPart, max_length=8)),
            foreign_key("assignee", "User", null=True, related_name="assignments"),
            ("started_at", fields.DatetimeField()),
            ("first_word_at", fields.DatetimeField(null=True)),
            ("ended_at", fields.DatetimeField(null=True)),
            ("outcome", fields.CharEnumField(null=True, enum_type=Outcome, max_length=12)),
            ("misrouted", fields.BooleanField(default=False)),
            ("standing", fields.BooleanField(default=False)),
            ("overturned", fields.BooleanField(default=False)),
            one_to_one("response_clock", "Clock", related_name="assignment_response"),
            one_to_one("resolution_clock", "Clock", null=True, related_name="assignment_resolution"),
            ("due_at", fields.DatetimeField(null=True)),
        ],
        options={
            "table": "assignment",
            "indexes": [Index(fields=["department_id", "ended_at", "due_at"]), Index(fields=["case_id", "started_at"])],
        },
    ),
    ops.CreateModel(
        name="CaseEvent",
        fields=[
            ("id", row_id()),
            foreign_key("case", "Case", related_name="events"),
            ("seq", fields.IntField()),
            ("at", fields.DatetimeField()),
            ("kind", fields.CharField(max_length=20)),
            foreign_key("actor", "User", null=True, related_name=False),
            ("actor_kind", fields.CharField(max_length=12)),
            foreign_key("department", "Department", null=True, related_name=False),
            ("from_status", fields.CharField(default="", max_length=12)),
            ("to_status", fields.CharField(default="", max_length=12)),
            ("internal", fields.BooleanField(default=False)),
            ("text", fields.TextField(default="", unique=False)),
            ("text_hash", fields.BinaryField(null=True)),
            ("data", json_field(default=dict)),
            (
                "photos",
                fields.ManyToManyField(
                    "civic.Photo",
                    unique=True,
                    db_constraint=True,
                    through="case_event_photo",
                    forward_key="photo_id",
                    backward_key="case_event_id",
                    related_name="case_events",
                    on_delete=OnDelete.CASCADE,
                ),
            ),
            ("hash", fields.BinaryField()),
        ],
        options={"table": "case_event", "unique_together": (("case", "seq"),)},
    ),
    ops.CreateModel(
        name="Handling",
        fields=[
            ("id", row_id()),
            foreign_key("case", "Case", related_name="handlings"),
            ("rater", fields.CharField(max_length=24)),
            ("stars", fields.SmallIntField()),
            ("text", fields.CharField(default="", max_length=1000)),
            ("given_at", fields.DatetimeField()),
        ],
        options={"table": "handling", "unique_together": (("case", "rater"),)},
    ),
]
