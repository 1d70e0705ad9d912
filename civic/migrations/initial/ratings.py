"""The tables of ratings."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from civic.migrations.initial.columns import foreign_key, one_to_one, row_id

TABLES = [
    ops.CreateModel(
        name="Rating",
        fields=[
            ("id", row_id()),
            one_to_one("post", "Post", related_name="rating"),
            foreign_key("service", "Service", related_name="ratings"),
            ("stars", fields.SmallIntField()),
            ("given_at", fields.DatetimeField()),
            ("replaced_at", fields.DatetimeField(null=True)),
        ],
        options={"table": "rating", "indexes": [Index(fields=["service_id", "given_at"])]},
    ),
    ops.CreateModel(
        name="ServiceStars",
        fields=[
            ("id", row_id()),
            foreign_key("service", "Service", related_name=False),
            ("stars", fields.SmallIntField()),
            ("n", fields.IntField(default=0)),
        ],
        options={"table": "service_stars", "unique_together": (("service", "stars"),)},
    ),
]
