"""Areas and places."""

from tortoise import fields
from tortoise.models import Model


class Area(Model):
    """A polygon in a tree: city, district, neighbourhood. What left the pack is retired, never deleted."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(64, unique=True)
    parent: fields.ForeignKeyNullableRelation["Area"] = fields.ForeignKeyField(
        "civic.Area", related_name="children", null=True, on_delete=fields.RESTRICT
    )
    parent_id: int | None
    level = fields.SmallIntField()  # 0 is the city
    names: dict[str, str] = fields.JSONField()
    geometry: dict[str, object] = fields.JSONField()  # GeoJSON MultiPolygon, WGS-84, lon/lat
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "area"


class Place(Model):
    """A line of the pack's gazetteer: a street, a square, a stop, which people use to say where something is."""

    id = fields.BigIntField(primary_key=True)
    names: dict[str, str] = fields.JSONField()
    key = fields.TextField()  # all names, folded, one a line; see gazetteer.place_key
    lat = fields.FloatField()
    lon = fields.FloatField()

    class Meta:
        table = "place"
        indexes = (("lat", "lon"),)
