"""`civic migrate`"""

import asyncio
from typing import Annotated

import typer

from civic import db
from civic.cli.common import (
    AsJson,
    command_group,
    exit_on_signals,
    load_command_config,
    print_answer,
)
from civic.cli.sql import GRANTS, QUOTE_ROLE
from civic.database_errors import report_unreachable
from civic.errors import SetupError

commands = command_group()


@commands.command()
def migrate(
    grant: Annotated[str, typer.Option(help="Give this role of the database what the running program needs.")] = "",
    as_json: AsJson = False,
) -> None:
    """Bring the database to the newest migration."""
    config = load_command_config(create=True)
    with exit_on_signals(), db.database_url(config, create=True) as url, report_unreachable(url):
        applied = asyncio.run(_migrate(url))
        if grant:
            asyncio.run(_grant(url, grant))
    text = f"Applied {', '.join(applied)}." if applied else "The database is up to date."
    text += f" The role {grant} may do what the running program does." if grant else ""
    print_answer({"applied": applied} | ({"granted": grant} if grant else {}), text, as_json)


async def _migrate(url: str) -> list[str]:
    from civic.composition import install_hooks, migrate_if_needed

    install_hooks()
    return await migrate_if_needed(url)


async def _grant(url: str, role: str) -> None:
    """Raises SetupError for a role that the database does not know."""
    async with db.connect(url, 2):
        row = await db.fetch_one(QUOTE_ROLE, role)
        if row is None:
            raise SetupError(f"The database has no role {role!r}: CREATE ROLE {role} LOGIN PASSWORD …")
        for statement in GRANTS:
            await db.execute(statement.format(role=row["name"]))
