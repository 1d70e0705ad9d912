"""What follows in the database when a report is hidden, restored or made private."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0006_stars")]
    operations = [
        ops.RunSQL(
            Path(__file__).with_name("moderated_reports.sql").read_text("utf-8"),
            reverse_sql="DROP TRIGGER report_seen_otherwise ON post; DROP FUNCTION report_seen_otherwise;",
        )
    ]
