"""Working time in SQL, and what the database itself holds of a case's history and stints."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


def _sql(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


class Migration(migrations.Migration):
    dependencies = [("civic", "0002_jobs")]
    operations = [
        ops.RunSQL(
            _sql("working_time.sql"),
            reverse_sql="DROP FUNCTION add_working; DROP FUNCTION working_seconds; DROP FUNCTION working_position;"
            " DROP INDEX calendar_interval_by_work;",
        ),
        ops.RunSQL(
            _sql("case_history.sql"),
            reverse_sql="DROP INDEX clock_steps_due, case_waits_due, case_confirmations_due, one_open_lead_stint,"
            " one_open_stint_of_department; ALTER TABLE handling DROP CONSTRAINT one_to_five_stars;"
            " ALTER TABLE assignment DROP CONSTRAINT stint_ends_with_outcome;"
            " DROP TRIGGER case_event_append_only ON case_event; DROP FUNCTION refuse_history_change;",
        ),
    ]
