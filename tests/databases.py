"""The databases of a test run: copies of templates that the run makes once, whichever of its processes is first."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

BLANK = "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0"


@dataclass
class Databases:
    """What one test process makes on the run's server. `folder` is the run's; its name is in every database's."""

    url: Callable[[str], str]
    admin_url: str
    folder: Path
    worker: str
    made: list[str] = field(default_factory=list)

    @property
    def run(self) -> str:
        return self.folder.name.replace("-", "_")

    def make(self, name: str, how: str = BLANK) -> str:
        """A new database; its URL."""
        database = f"{self.run}_{self.worker}_{name}_{len(self.made)}"
        self._admin(f"CREATE DATABASE {database} {how}")
        self.made.append(database)
        return self.url(database)

    def copy(self, name: str, template: str, fill: Callable[[str], object]) -> str:
        """A copy of a template, which `fill` makes out of a blank database the first time in this run; its URL."""
        source, mark = f"{self.run}_template_{template}", self.folder / f"{template}.made"
        with self._one_at_a_time(template):
            if not mark.exists():
                self._admin(f"DROP DATABASE IF EXISTS {source}")  # half made
                self._admin(f"CREATE DATABASE {source} {BLANK}")
                fill(self.url(source))
                mark.touch()
        return self.make(name, f"TEMPLATE {source} STRATEGY wal_log")

    def drop(self) -> None:
        """Drop what was made here; and the templates, if nobody else of this run has a database left."""
        for database in self.made:
            self._admin(f"DROP DATABASE {database} WITH (FORCE)")
        with self._one_at_a_time("dropping"):
            left = self._admin("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", self.run)
            if all(name.startswith(f"{self.run}_template_") for name in left):
                for name in left:
                    (self.folder / f"{name.removeprefix(f'{self.run}_template_')}.made").unlink(missing_ok=True)
                    self._admin(f"DROP DATABASE {name}")

    @contextmanager
    def _one_at_a_time(self, what: str) -> Iterator[None]:
        with (self.folder / f"{what}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _admin(self, sql: str, *args: object) -> list[str]:
        """Run a statement beside the databases; the first column of what it gives."""

        async def run() -> list[str]:
            connection = await asyncpg.connect(self.admin_url)
            try:
                return [row[0] for row in await connection.fetch(sql, *args)]
            finally:
                await connection.close()

        return asyncio.run(run())


TABLES = """
SELECT format('%I', relname) AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'tortoise_migrations'
"""


@asynccontextmanager
async def emptying(
    url: str, keep: Collection[str] | None = (), then: str = ""
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that empties a database but for the tables `keep`, or, with None, those that have rows now.

    `then` is a statement that follows.

    TRUNCATE costs by the table, so only those with rows (and what refers to them). Numbers go on counting:
    ids that are equal across tables would hide that one was taken for another.
    """
    connection = await asyncpg.connect(url)
    names = [row["name"] for row in await connection.fetch(TABLES)]
    if keep is None:
        keep = {name for name in names if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})")}
    one = "SELECT '{0}' AS name WHERE EXISTS (SELECT FROM {0})"
    filled = await connection.prepare(" UNION ALL ".join(one.format(name) for name in names if name not in keep))

    async def empty() -> None:
        if rows := await filled.fetch():
            await connection.execute(f"TRUNCATE {', '.join(row['name'] for row in rows)} CASCADE")
        if then:
            await connection.execute(then)

    try:
        yield empty
    finally:
        await connection.close()
