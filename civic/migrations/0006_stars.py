"""The stars of services, counted by the database as ratings come, are replaced, hidden and restored."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0005_releases")]
    operations = [
        ops.RunSQL(
            Path(__file__).with_name("stars.sql").read_text("utf-8"),
            reverse_sql="DROP INDEX rating_current; DROP TRIGGER rated_post_hidden ON post;"
            " DROP TRIGGER rating_replaced ON rating; DROP TRIGGER rating_given ON rating;"
            " DROP FUNCTION rated_post_counts, rating_counts, count_stars;",
        )
    ]
