"""Distances in SQL, and the indexes of the public lists that Tortoise cannot say."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0003_working_time")]
    operations = [
        ops.RunSQL(
            Path(__file__).with_name("nearness.sql").read_text("utf-8"),
            reverse_sql="DROP INDEX post_supported; DROP FUNCTION metres_between;",
        )
    ]
