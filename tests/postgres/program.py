"""A program that uses the database of VAR: says its address, then answers each line (an SQL statement) with a value.

`python program.py VAR DURABLE`; ends with its input. On Ctrl-C it still asks the database one thing before it ends.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

from civic.postgres.server import acquire


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    with acquire(Path(sys.argv[1]), durable=sys.argv[2] == "True") as handle:
        try:
            say(handle.url())
            for line in sys.stdin:
                if line == "ensure\n":
                    handle.ensure()
                    say("ok")
                else:
                    say(asyncio.run(ask(handle.url(), line)))
        except KeyboardInterrupt:
            say(asyncio.run(ask(handle.url(), "SELECT 'last words'")))


main()
