"""The databases of a test run: copies of templates, which are made once and, on a server of our own, kept."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Self

import asyncpg

from civic.db import model_modules
from tests.digests import ROOT, digest

# From these the triggers are made that mark what the search has to index again.
MARKING_TRIGGERS = [ROOT / "civic" / "search" / "triggers.py", *sorted(ROOT.glob("civic/*/documents.py"))]
BLANK = "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
RUN = "civic_tests_"  # a run's databases, and its connections, are called this and the name of the run
KEPT = "civic_kept_"
# The runs that have left databases here, but have no process any more.
STALE = """
SELECT d.datname FROM pg_database d
WHERE starts_with(d.datname, $1) AND pg_get_userbyid(d.datdba) = current_user AND NOT EXISTS (
    SELECT FROM pg_stat_activity a WHERE a.application_name <> '' AND starts_with(d.datname, a.application_name || '_'))
"""


@dataclass(frozen=True)
class Template:
    """A database that tests get copies of.

    `fill` makes it out of a copy of `base`, or of a blank database: its URL, and a folder for files that belong to
    it. `sources` are the modules and folders, beside models and migrations, on which it depends; after `seconds` it
    is too old.
    """

    name: str
    fill: Callable[[str, Path], object]
    sources: tuple[str, ...] = ()
    seconds: float = inf
    base: "Template | None" = None


def _migrate(url: str, _folder: Path) -> None:
    from civic.composition import install_hooks, migrate  # here, as it imports most domains

    install_hooks()
    asyncio.run(migrate(url))


EMPTY = Template("empty", _migrate)


@dataclass
class Databases:
    """What one test process makes on the server `url`: databases for itself, templates for all.

    `folder` is where templates have their files. With `keep` both stay when the run ends.
    """

    url: Callable[[str], str]
    admin_url: str
    folder: Path
    run: str
    worker: str
    keep: bool
    made: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        # While it lasts, the run is alive: nobody else removes its databases.
        settings = {"application_name": f"{RUN}{self.run}"}
        self._connection = self._runner.run(asyncpg.connect(self.admin_url, server_settings=settings))
        with self._one_at_a_time("stale"):
            for name in self._fetch(STALE, RUN):
                self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()
        self._runner.run(self._connection.close())
        self._runner.close()

    def make(self, name: str, how: str = BLANK) -> str:
        """A new database; its URL."""
        database = f"{RUN}{self.run}_{self.worker}_{name}_{len(self.made)}"
        self._execute(f"CREATE DATABASE {database} {how}")
        self.made.append(database)
        return self.url(database)

    def copy(self, name: str, template: Template) -> tuple[str, Path]:
        """A copy of a template, which is made if need be: its URL, and the template's folder."""
        with self._template(template) as source:
            return self.make(name, _copy_of(source)), self.folder / source

    @contextmanager
    def _template(self, template: Template) -> Iterator[str]:
        """The name of a template's database, which is there and does not change within the block."""
        stem = f"{KEPT}{template.name}_" if self.keep else f"{RUN}{self.run}_template_{template.name}_"
        source = stem + digest(["civic/migrations", *model_modules(), *template.sources], MARKING_TRIGGERS)
        folder = self.folder / source
        with self._one_at_a_time(template.name):
            if not self._is_there(source, folder, template.seconds):
                self._make_template(template, stem, source, folder)
            yield source

    def _is_there(self, source: str, folder: Path, seconds: float) -> bool:
        there = self._fetch("SELECT datname FROM pg_database WHERE datname = $1", source)
        return bool(there) and folder.is_dir() and time.time() - folder.stat().st_mtime < seconds

    def _make_template(self, template: Template, stem: str, source: str, folder: Path) -> None:
        """Whole or not at all: it gets its name at the end. What it replaces goes, unless somebody copies it now."""
        for name in self._fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", stem):
            try:
                self._execute(f"DROP DATABASE IF EXISTS {name}")
                shutil.rmtree(self.folder / name, ignore_errors=True)
            except asyncpg.ObjectInUseError:
                continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        draft = f"{source}_new"
        if template.base:
            with self._template(template.base) as base:
                self._execute(f"CREATE DATABASE {draft} {_copy_of(base)}")
        else:
            self._execute(f"CREATE DATABASE {draft} {BLANK}")
        template.fill(self.url(draft), folder)
        self._execute(f"ALTER DATABASE {draft} RENAME TO {source}")

    def _drop(self) -> None:
        """Drop what was made here; and templates that are not kept, if nobody else of this run has a database left."""
        for database in self.made:
            self._execute(f"DROP DATABASE {database} WITH (FORCE)")
        with self._one_at_a_time(self.run):
            left = self._fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", f"{RUN}{self.run}_")
            if all(name.startswith(f"{RUN}{self.run}_template_") for name in left):
                for name in left:
                    self._execute(f"DROP DATABASE {name}")

    @contextmanager
    def _one_at_a_time(self, what: str) -> Iterator[None]:
        """Among all processes that use the server."""
        self._fetch("SELECT pg_advisory_lock(hashtextextended('civic tests ' || $1, 0))", what)
        try:
            yield
        finally:
            self._fetch("SELECT pg_advisory_unlock(hashtextextended('civic tests ' || $1, 0))", what)

    def _fetch(self, sql: str, *args: object) -> list[str]:
        """The first column of what a query beside the databases gives."""
        return [row[0] for row in self._runner.run(self._connection.fetch(sql, *args))]

    def _execute(self, sql: str) -> None:
        self._runner.run(self._connection.execute(sql))


def _copy_of(database: str) -> str:
    return f"TEMPLATE {database} STRATEGY wal_log"


TABLES = """
SELECT format('%I', relname) AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'tortoise_migrations'
"""


LARGE_BYTES = 4_000_000  # to delete the rows of a larger table takes longer than to truncate it


@asynccontextmanager
async def emptying(
    url: str, keep: Collection[str] | None = (), then: str = ""
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that empties a database but for the tables `keep`, or, with None, those that have rows now.

    `then` is a statement that follows. Numbers go on counting: ids that are equal across tables would hide that one
    was taken for another.
    """
    connection = await asyncpg.connect(url)
    names = [row["name"] for row in await connection.fetch(TABLES)]
    if keep is None:
        keep = {name for name in names if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})")}
    emptied = [name for name in names if name not in keep]
    one = "SELECT '{0}' AS name, pg_relation_size('{0}') AS bytes WHERE EXISTS (SELECT FROM {0})"
    filled = await connection.prepare(" UNION ALL ".join(map(one.format, emptied)))
    may_delete = await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")

    async def empty() -> None:
        async with connection.transaction():
            # Somebody who is still writing, such as a killed program's last statement, ends first.
            await connection.execute(f"LOCK TABLE {', '.join(emptied)} IN SHARE ROW EXCLUSIVE MODE")
            if rows := await filled.fetch():
                small = may_delete and max(row["bytes"] for row in rows) < LARGE_BYTES
                await connection.execute(_deletion([row["name"] for row in rows], small))
        if then:
            await connection.execute(then)

    try:
        yield empty
    finally:
        await connection.close()


def _deletion(tables: list[str], small: bool) -> str:
    """TRUNCATE takes 50 ms, as it empties every table that refers to these; to delete a few rows takes one."""
    if not small:
        return f"TRUNCATE {', '.join(tables)} CASCADE"
    # No trigger runs and no reference is checked, so the order does not matter.
    return "SET LOCAL session_replication_role = replica;" + ";".join(f"DELETE FROM {table}" for table in tables)
