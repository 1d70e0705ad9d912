"""The city and its areas."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class City(Model):
    """The one city of this installation, as its pack's city.toml says (one row, id 1)."""

    id = fields.IntField(primary_key=True)
    names: dict[str, str] = fields.JSONField()  # language -> name
    languages: list[str] = fields.JSONField()  # the first is the default
    zone = fields.CharField(64)  # IANA
    phone = fields.CharField(40, default="")
    accent = fields.CharField(7, default="")
    settings: dict[str, Any] = fields.JSONField(default=dict)  # geo.settings.Settings as plain data
    bbox: list[float] = fields.JSONField(default=list)  # west, south, east, north of all areas
    contents: dict[str, list[str]] = fields.JSONField(default=dict)  # kind -> slugs that came with the pack
    pack_hash = fields.CharField(64)
    loaded_at = fields.DatetimeField()

    class Meta:
        table = "city"


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
    geometry: dict[str, Any] = fields.JSONField()  # GeoJSON MultiPolygon, WGS-84, lon/lat
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "area"


class Place(Model):
    """A line of the pack's gazetteer: a street, a square, a stop, by which people name where they are."""

    id = fields.BigIntField(primary_key=True)
    names: dict[str, str] = fields.JSONField()
    key = fields.TextField()  # all names, folded: what an address is searched in
    lat = fields.FloatField()
    lon = fields.FloatField()

    class Meta:
        table = "place"
        indexes = (("lat", "lon"),)
