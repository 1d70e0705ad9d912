"""`civic migrate`"""

import asyncio

from civic import db
from civic.cli.common import (
    AsJson,
    command_group,
    exit_on_signals,
    load_command_config,
    print_answer,
    report_unreachable,
)

commands = command_group()


@commands.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the newest migration."""
    config = load_command_config()
    with exit_on_signals(), db.database_url(config) as url, report_unreachable():
        applied = asyncio.run(_migrate(url))
    text = f"Applied {', '.join(applied)}." if applied else "The database is up to date."
    print_answer({"applied": applied}, text, as_json)


async def _migrate(url: str) -> list[str]:
    from civic.composition import install_hooks, migrate_if_needed

    install_hooks()
    return await migrate_if_needed(url)
