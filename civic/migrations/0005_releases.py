"""What the database itself holds of published scores, and the indexes that computing them needs."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0004_nearness")]
    operations = [
        ops.RunSQL(
            Path(__file__).with_name("releases.sql").read_text("utf-8"),
            reverse_sql="DROP INDEX post_hidden, case_event_waits, one_correction_of_release;"
            " DROP TRIGGER release_file_immutable ON release_file; DROP TRIGGER release_immutable ON release;"
            " DROP FUNCTION refuse_release_change;",
        )
    ]
