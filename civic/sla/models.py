"""Calendars as look-up tables, and the clocks that run on them."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from civic.catalogue.models import Calendar


class CalendarInterval(Model):
    """One stretch of a calendar's opening time, with the opening seconds before it, for look-ups in SQL."""

    id = fields.BigIntField(primary_key=True)
    calendar: fields.ForeignKeyRelation[Calendar] = fields.ForeignKeyField(
        "civic.Calendar", related_name="intervals", on_delete=fields.RESTRICT
    )
    calendar_id: int
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    before_seconds = fields.BigIntField()
    local_date = fields.DateField()

    class Meta:
        table = "calendar_interval"
        unique_together = (("calendar", "opens_at"),)


class ClockKind(StrEnum):
    RESPONSE = "response"
    RESOLUTION = "resolution"


class Clock(Model):
    """A clock (CLOCK-AND-SCORES 2). The case or assignment that it belongs to points at it.

    `due_at` is computed once, when the clock starts, and stored; it is NULL only while paused.
    `remaining` is what a pause keeps: working seconds for working targets, elapsed seconds for elapsed ones.
    A figure of the scores counts in the period of the later of `due_at` and `moved_at`.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(ClockKind, max_length=10)
    target = fields.CharField(40)  # "3 working days"
    calendar: fields.ForeignKeyRelation[Calendar] = fields.ForeignKeyField(
        "civic.Calendar", related_name=False, on_delete=fields.RESTRICT
    )
    calendar_id: int
    started_at = fields.DatetimeField()
    allowance = fields.FloatField()  # seconds, of the kind that the target counts
    due_at = fields.DatetimeField(null=True)
    promised_at = fields.DatetimeField(null=True)  # the due instant as first promised; NULL: not yet, nobody sees it
    half_at = fields.DatetimeField(null=True)  # when half of the allowance of a response clock is used
    # when the due instant was last moved back (by a wait that does not count, by a merge) or taken up again
    moved_at = fields.DatetimeField(null=True)
    computed = fields.BooleanField(default=False)  # of imported history, by today's targets: for figures only, no steps
    paused_at = fields.DatetimeField(null=True)
    remaining = fields.FloatField(null=True)
    stopped_at = fields.DatetimeField(null=True)
    step = fields.SmallIntField(default=0)  # the last escalation step fired: 0, 50, 80, 100, 101, 102 …
    step_at = fields.DatetimeField(null=True)  # when the next step falls due; NULL: none (stopped, paused)

    class Meta:
        table = "clock"


class ClockStep(Model):
    """An escalation step that fired; the pair is unique, so it fires once."""

    id = fields.BigIntField(primary_key=True)
    clock: fields.ForeignKeyRelation[Clock] = fields.ForeignKeyField(
        "civic.Clock", related_name="steps", on_delete=fields.RESTRICT
    )
    clock_id: int
    step = fields.SmallIntField()
    fired_at = fields.DatetimeField()

    class Meta:
        table = "clock_step"
        unique_together = (("clock", "step"),)
