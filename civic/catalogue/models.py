"""The catalogue: who answers, when they are open, what people report and what they use."""

from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.catalogue.catalogue import Guide
from civic.geo.models import Area


class Calendar(Model):
    """Working hours, as in CLOCK-AND-SCORES 1. `spec` is what the pack says: weekly, holidays, workdays."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(64, unique=True)
    zone = fields.CharField(64)
    spec: dict[str, object] = fields.JSONField()
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "calendar"


class Department(Model):
    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(64, unique=True)
    parent: fields.ForeignKeyNullableRelation["Department"] = fields.ForeignKeyField(
        "civic.Department", related_name="children", null=True, on_delete=fields.RESTRICT
    )
    parent_id: int | None
    names: dict[str, str] = fields.JSONField()
    calendar: fields.ForeignKeyRelation[Calendar] = fields.ForeignKeyField(
        "civic.Calendar", related_name="departments", on_delete=fields.RESTRICT
    )
    calendar_id: int
    contacts: dict[str, str] = fields.JSONField(default=dict)  # email, phone, url, address, hours
    position = fields.IntField(default=0)  # in the pack's order
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "department"


class Membership(Model):
    """A person acts for a department; their role says what they may do there."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="memberships", on_delete=fields.RESTRICT
    )
    user_id: int
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="memberships", on_delete=fields.RESTRICT
    )
    department_id: int

    class Meta:
        table = "membership"
        unique_together = (("user", "department"),)


class Category(Model):
    """A kind of problem (Open311 service_code)."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(64, unique=True)
    group: dict[str, str] = fields.JSONField(default=dict)  # the group's name per language
    group_code = fields.CharField(64, default="")
    names: dict[str, str] = fields.JSONField()
    descriptions: dict[str, str] = fields.JSONField(default=dict)
    # [{code, names, kind: text|number|choice|choices|yes_no|date, required, options: [{code, names}],
    #   when: {code of a question before it: [answers]}}]
    questions: list[dict[str, object]] = fields.JSONField(default=list)
    response_target = fields.CharField(40)
    resolution_target = fields.CharField(40)
    photo_required = fields.BooleanField(default=False)  # with the report
    evidence_required = fields.BooleanField(default=False)  # with the resolution
    public = fields.BooleanField(default=True)  # False: only the author and the desk see its reports
    shape = fields.CharField(5, default="point")  # point, line, area: what its reports say of where they are
    assets: list[str] = fields.JSONField(default=list)  # kinds of assets that its reports may name
    # {names, text, phone, url} of who handles it, where that is not the city: no report is made
    instead: dict[str, object] = fields.JSONField(default=dict)
    position = fields.IntField(default=0)
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "category"


class Asset(Model):
    """A numbered thing of the city, which a report may name by its code. What left the pack is retired."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(64)  # as categories name it
    code = fields.CharField(64)
    lat = fields.FloatField()
    lon = fields.FloatField()
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "asset"
        unique_together = (("kind", "code"),)
        indexes = (("kind", "lat", "lon"),)


class CategoryDepartment(Model):
    """The department of a category in an area and all areas below it; no area: everywhere (routing, step 2)."""

    id = fields.BigIntField(primary_key=True)
    category: fields.ForeignKeyRelation[Category] = fields.ForeignKeyField(
        "civic.Category", related_name="departments", on_delete=fields.RESTRICT
    )
    category_id: int
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "civic.Area", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="categories", on_delete=fields.RESTRICT
    )
    department_id: int

    class Meta:
        table = "category_department"
        unique_together = (("category", "area"),)


class Service(Model):
    """Something the public uses: a counter, a clinic, an online form. It has a guide, and ratings."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(64, unique=True)
    names: dict[str, str] = fields.JSONField()
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="services", on_delete=fields.RESTRICT
    )
    department_id: int
    # per language: {purpose, papers: [..], time, fee, hours, where}
    guide: dict[str, Guide] = fields.JSONField(default=dict)
    url = fields.CharField(500, default="")
    lat = fields.FloatField(null=True)
    lon = fields.FloatField(null=True)
    position = fields.IntField(default=0)
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "service"
