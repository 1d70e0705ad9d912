"""A program that uses the database of VAR: says its address, then answers each line of input once it may go on.

`python program.py VAR DURABLE`; ends with its input. On Ctrl-C it still asks the database one thing before it ends.
"""

import asyncio
import sys
from pathlib import Path

from civic.postgres.server import acquire


async def last_words(url: str) -> str:
    import asyncpg  # in one test only, and slow to import

    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT 'last words'")
    finally:
        await connection.close()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    with acquire(Path(sys.argv[1]), durable=sys.argv[2] == "True") as handle:
        try:
            say(handle.url())
            for _ in sys.stdin:
                handle.ensure()
                say(handle.url())
        except KeyboardInterrupt:
            say(asyncio.run(last_words(handle.url())))


main()
