"""`civic migrate`"""

import asyncio

from civic import db
from civic.cli.common import AsJson, answer, configured, ending_on_signals, group, reaching

commands = group()


@commands.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the newest migration."""
    config = configured()
    with ending_on_signals(), db.database_url(config) as url, reaching():
        applied = asyncio.run(db.migrate_if_needed(url))
    text = f"Applied {', '.join(applied)}." if applied else "The database is up to date."
    answer({"applied": applied}, text, as_json)
