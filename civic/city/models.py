"""The city's row."""

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
    settings: dict[str, object] = fields.JSONField(default=dict)  # city.settings.CitySettings as plain data
    bbox: list[float] = fields.JSONField(default=list)  # west, south, east, north of all areas
    contents: dict[str, list[str]] = fields.JSONField(default=dict)  # kind -> slugs that came with the pack
    pack_hash = fields.CharField(64)  # SHA-256 of the pack's files; "": no pack
    base_map = fields.CharField(40, default="")  # version of the tiles that were made of the pack; "": none
    gazetteer = fields.CharField(64, default="")  # digest of what it was made of; "": none was loaded
    demo = fields.BooleanField(default=False)  # made by `civic demo`: no real city is loaded over it
    version = fields.IntField(default=1)  # of the city, its areas and its catalogue; see city.actions.bump_version
    loaded_at = fields.DatetimeField()  # when the pack was loaded, or an import made the city

    class Meta:
        table = "city"
