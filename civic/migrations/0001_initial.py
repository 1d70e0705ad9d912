"""Every table, by domain in the order of the listing; then, in SQL, what models cannot say.

While no city runs, a change of a model is made here, in `initial/`, and the database is made again.
"""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations import operations as ops

from civic.migrations.initial import (
    accounts,
    cases,
    catalogue,
    city,
    geo,
    imports,
    media,
    notifications,
    posts,
    ratings,
    reports,
    routing,
    scores,
    sla,
    traffic,
)

SQL_FILES = (
    "jobs",
    "accounts",
    "geo",
    "search",
    "notifications",
    "posts",
    "sla",
    "cases",
    "reports",
    "ratings",
    "scores",
)


def run_file(name: str) -> ops.RunSQL:
    return ops.RunSQL((Path(__file__).parent / "initial" / f"{name}.sql").read_text("utf-8"))


class Migration(migrations.Migration):
    initial = True
    operations = [
        *accounts.TABLES,
        *city.TABLES,
        *geo.TABLES,
        *catalogue.TABLES,
        *media.TABLES,
        *notifications.TABLES,
        *posts.TABLES,
        *sla.TABLES,
        *routing.TABLES,
        *cases.TABLES,
        *reports.TABLES,
        *traffic.TABLES,
        *ratings.TABLES,
        *scores.TABLES,
        *imports.TABLES,
        *map(run_file, SQL_FILES),
    ]
