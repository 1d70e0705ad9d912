"""A photo and its variants."""

from tortoise import fields
from tortoise.models import Model


class Photo(Model):
    """Without its position, which is personal: `add_photo` hands that to its caller."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(22, unique=True)  # 128 random bits: what stands in addresses
    # SHA-256 over the three variants: the stem of their keys in the store. Photos that look alike share
    # files.
    content = fields.CharField(64, db_index=True)
    width = fields.IntField()  # of the upright original, in pixels
    height = fields.IntField()
    # {"320": [width, height, bytes, key in the store], "800": …, "1600": …}
    sizes: dict[str, list[int | str]] = fields.JSONField()
    taken_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    attached = fields.BooleanField(default=False)  # False: a draft, dropped after a day
    public = fields.BooleanField(default=True)  # False: its post is hidden or private

    class Meta:
        table = "photo"
        indexes = (("attached", "created_at"),)
