"""The pack's routing rules."""

from tortoise import fields
from tortoise.models import Model

from civic.catalogue.models import Department


class Rule(Model):
    """A condition and where it sends a report. Rules are tried in `position` order; the first match wins."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(64, unique=True)
    names: dict[str, str] = fields.JSONField()  # what the public reads as the reason
    position = fields.IntField()
    condition = fields.TextField()  # `category == "pothole" and text contains "school"`
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name=False, on_delete=fields.RESTRICT
    )
    department_id: int
    support: list[str] = fields.JSONField(default=list)  # slugs of support departments
    priority = fields.CharField(8, default="normal")  # low, normal, high
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "rule"


class RuleFault(Model):
    """A rule that failed on a report: it was skipped for that report and the admins were notified."""

    id = fields.BigIntField(primary_key=True)
    rule: fields.ForeignKeyRelation[Rule] = fields.ForeignKeyField(
        "civic.Rule", related_name="faults", on_delete=fields.RESTRICT
    )
    rule_id: int
    error = fields.CharField(300)
    at = fields.DatetimeField()
    context: dict[str, object] = fields.JSONField(default=dict)  # category, area, channel; never the text

    class Meta:
        table = "rule_fault"
