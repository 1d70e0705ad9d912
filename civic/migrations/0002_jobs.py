"""pgqueuer's own tables, as `pgq sql install` of the pinned version prints them."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0001_initial")]
    operations = [
        ops.RunSQL(
            Path(__file__).with_name("pgqueuer.sql").read_text("utf-8"),
            reverse_sql="DROP TABLE pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics CASCADE;"
            " DROP FUNCTION fn_pgqueuer_changed; DROP TYPE pgqueuer_status;",
        )
    ]
