"""Published releases: immutable."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Release(Model):
    id = fields.CharField(40, primary_key=True)  # "2024", "2024-q3", a correction "2024-r2"
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    method = fields.CharField(8)
    made_at = fields.DatetimeField()
    document: dict[str, Any] = fields.JSONField()  # release.json whole: weights, results, hashes, Merkle root
    corrects: fields.ForeignKeyNullableRelation["Release"] = fields.ForeignKeyField(
        "civic.Release", related_name="corrections", null=True, on_delete=fields.RESTRICT
    )
    corrects_id: str | None
    reason = fields.CharField(500, default="")

    class Meta:
        table = "release"


class ReleaseFile(Model):
    """A file that a release was computed from, gzipped, as anybody can fetch it."""

    id = fields.BigIntField(primary_key=True)
    release: fields.ForeignKeyRelation[Release] = fields.ForeignKeyField(
        "civic.Release", related_name="files", on_delete=fields.RESTRICT
    )
    release_id: str
    name = fields.CharField(40)
    content = fields.BinaryField()
    sha256 = fields.CharField(64)

    class Meta:
        table = "release_file"
        unique_together = (("release", "name"),)
