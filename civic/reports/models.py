"""A post about a problem at a place."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.cases.models import Case
from civic.catalogue.models import Asset, Category
from civic.geo.models import Area
from civic.posts.models import Post

KIND = "report"  # of these posts


class Report(Model):
    """What and where. `/reports/{id}` shows the id of this row."""

    id = fields.BigIntField(primary_key=True)
    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "civic.Post", related_name="report", on_delete=fields.RESTRICT
    )
    post_id: int
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="reports", on_delete=fields.RESTRICT
    )
    case_id: int
    main = fields.BooleanField(default=True)  # the report that lists and the map show for its case
    category: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "civic.Category", related_name="reports", null=True, on_delete=fields.RESTRICT
    )
    category_id: int | None
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "civic.Area", related_name="reports", null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    lat = fields.FloatField()
    lon = fields.FloatField()
    located_by = fields.CharField(8, default="pin")  # photo, device, pin, address, asset
    accuracy = fields.IntField(null=True)  # metres: how exactly the device knew the place
    # GeoJSON in WGS-84, LineString or Polygon, where the category asks for more than a point
    shape: dict[str, object] | None = fields.JSONField(null=True)
    address = fields.CharField(300, default="")
    # The nearest place of the gazetteer when it was sent, in each language; empty if none is near.
    place_names: dict[str, str] = fields.JSONField(default=dict)
    asset: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "civic.Asset", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    asset_id: int | None
    answers: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "report"
        indexes = (("lat", "lon"), ("case_id", "main"))


class Doubt(Model):
    """A supporter says that a resolution has not fixed the problem; enough of them reopen the case."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="doubts", on_delete=fields.RESTRICT
    )
    case_id: int
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name=False, on_delete=fields.RESTRICT
    )
    user_id: int
    resolved_at = fields.DatetimeField()  # of the resolution that is doubted
    text = fields.CharField(1000, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "doubt"
        unique_together = (("case", "user", "resolved_at"),)
