"""What imports made besides reports."""

from tortoise import fields
from tortoise.models import Model


class ImportAddition(Model):
    """A calendar, department or category that an import created, or the city: undoing the import takes it back."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(64)  # of the import
    kind = fields.CharField(12)  # city, calendar, department, category
    key = fields.CharField(64)  # its slug or code
    made_at = fields.DatetimeField()

    class Meta:
        table = "import_addition"
        unique_together = (("kind", "key"),)
