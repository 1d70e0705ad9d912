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
    """A line of the gazetteer: a street, a square, a stop, which people use to say where something is.

    Its folded names are in the table place_name, its house numbers in house_number, its line in street_part, and where
    it meets another street in crossing (geo.sql). Loading a pack makes all of them anew where they differ.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(8, default="pack")  # of PlaceKind
    names: dict[str, str] = fields.JSONField()
    lat = fields.FloatField()
    lon = fields.FloatField()

    class Meta:
        table = "place"
        indexes = (("lat", "lon"),)
