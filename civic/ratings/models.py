"""A post that rates a service."""

from tortoise import fields
from tortoise.models import Model

from civic.catalogue.models import Service
from civic.posts.models import Post

KIND = "rating"  # of these posts


class Rating(Model):
    """1–5 stars; one per person and service per 30 days, a new one replaces it (`replaced_at`)."""

    id = fields.BigIntField(primary_key=True)
    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "civic.Post", related_name="rating", on_delete=fields.RESTRICT
    )
    post_id: int
    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField(
        "civic.Service", related_name="ratings", on_delete=fields.RESTRICT
    )
    service_id: int
    stars = fields.SmallIntField()
    given_at = fields.DatetimeField()
    replaced_at = fields.DatetimeField(null=True)

    class Meta:
        table = "rating"
        indexes = (("service_id", "given_at"),)


class ServiceStars(Model):
    """How many ratings of a service have 1, 2 … 5 stars: of those that are public and not replaced.

    `ratings.actions` keeps it; moderation calls it when a rating is hidden or restored (`civic/composition.py`).
    """

    id = fields.BigIntField(primary_key=True)
    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField(
        "civic.Service", related_name=False, on_delete=fields.RESTRICT
    )
    service_id: int
    stars = fields.SmallIntField()
    n = fields.IntField(default=0)

    class Meta:
        table = "service_stars"
        unique_together = (("service", "stars"),)
