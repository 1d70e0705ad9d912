"""A post about the road now."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.geo.models import Area
from civic.posts.models import Post


class TrafficKind(StrEnum):
    JAM = "jam"
    ACCIDENT = "accident"
    CLOSURE = "closure"
    ROADWORKS = "roadworks"
    FLOOD = "flood"
    ICE = "ice"
    OBSTACLE = "obstacle"
    SIGNAL = "signal"  # lights out of order


KIND = "traffic"  # of these posts


class TrafficUpdate(Model):
    id = fields.BigIntField(primary_key=True)
    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "civic.Post", related_name="traffic", on_delete=fields.RESTRICT
    )
    post_id: int
    kind = fields.CharEnumField(TrafficKind, max_length=10)
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "civic.Area", related_name="traffic", null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    lat = fields.FloatField()
    lon = fields.FloatField()
    place = fields.CharField(300, default="")  # as its author wrote it
    near: dict[str, str] = fields.JSONField(default=dict)  # names of the nearest known place, where nothing was written
    still_count = fields.IntField(default=0)
    gone_count = fields.IntField(default=0)
    expires_at = fields.DatetimeField()
    ended = fields.CharField(8, default="")  # before its time, at expires_at: gone (people said so), author

    class Meta:
        table = "traffic_update"
        indexes = (("expires_at",),)


class Confirmation(Model):
    """Somebody says that it is still there, or gone; one opinion a person, the latest counts."""

    id = fields.BigIntField(primary_key=True)
    update: fields.ForeignKeyRelation[TrafficUpdate] = fields.ForeignKeyField(
        "civic.TrafficUpdate", related_name="confirmations", on_delete=fields.RESTRICT
    )
    update_id: int
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name=False, on_delete=fields.RESTRICT
    )
    user_id: int
    still = fields.BooleanField()
    at = fields.DatetimeField()

    class Meta:
        table = "traffic_confirmation"
        unique_together = (("update", "user"),)
