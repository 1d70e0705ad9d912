"""The order of the dispatchers' desk: what is due first in all departments together."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0007_moderated_reports")]
    operations = [
        ops.RunSQL(
            "CREATE INDEX assignment_open ON assignment (due_at, id) WHERE ended_at IS NULL",
            reverse_sql="DROP INDEX assignment_open",
        )
    ]
