"""What every command needs: the configuration, the database for its own time, and how it answers and fails."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer

from civic import config as configuration
from civic import database_schema, db, erasures, logs, signing
from civic.config import Config
from civic.database_errors import report_missing_rights, report_unreachable
from civic.database_url import describe_place
from civic.errors import CivicError, SetupError
from civic.privileges import leave_root

T = TypeVar("T")
SAID_EVERY = 10.0  # seconds between two lines of progress where there is no terminal
EXIT_WRONG, EXIT_CANNOT = 1, 2  # exit codes: what was asked is not possible; the installation is at fault

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON value.")]


@dataclass(frozen=True)
class CheckResult:
    """One thing that `civic check` looked at, and what was seen. `warned`: it works, and could be safer."""

    name: str
    good: bool
    text: str
    warned: bool = False

    @property
    def mark(self) -> str:
        return "WRONG" if not self.good else "warn" if self.warned else "ok"


def command_group(name: str | None = None, about: str = "") -> typer.Typer:
    """A group of commands, in its own file."""
    return typer.Typer(name=name, help=about, no_args_is_help=True, rich_markup_mode=None)


@contextmanager
def report_errors() -> Iterator[None]:
    """A wrong input or installation is told on stderr, without a traceback, and ends the program."""
    try:
        yield
    except CivicError as error:
        lines = [f"{name}: {text}" for name, text in error.fields.items()]
        sys.stderr.write("\n".join(lines or [str(error.message)]) + "\n")
        raise SystemExit(EXIT_CANNOT if isinstance(error, SetupError) else EXIT_WRONG) from None
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the program as Ctrl-C does, so that what it opened is closed."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {name: signal.signal(name, end) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def load_command_config(*, create: bool = False) -> Config:
    """The configuration, with the log set up for a command: on stderr, warnings and worse; of root, `server.user`.

    With `create` the folder of the data may be made.
    """
    import logging

    config = configuration.load_config()
    leave_root(config, create=create)
    logs.set_up_logging(config.server.log, logging.WARNING)
    return config


def run_with_database(work: Callable[[Config], Awaitable[T]], *, create: bool = False) -> T:
    """Run `work` connected to the database, which is joined, or started for as long as it takes.

    Raises SetupError where there is none, unless `create` lets it be made, and where its schema is not this program's.
    """
    config = load_command_config(create=create)
    signing.set_key(config.secret)
    erasures.set_log(config.paths.var)

    async def connected(url: str) -> T:
        await prepare_database(url, create=create)
        with report_missing_rights(url):
            async with db.connect(url, config.database.pool, _program_name()):
                return await work(config)

    with exit_on_signals(), db.database_url(config, create=create) as url:
        return run_until_signal(connected(url))


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end; SIGTERM and SIGHUP cancel it, and then end the program."""
    asked: list[int] = []

    async def watched() -> T:
        with _cancelled_by_signals(asked):
            return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        if not asked:
            raise
        raise SystemExit(128 + asked[0]) from None


def _program_name() -> str:
    """As what the database lists this command: "civic import"."""
    return f"civic {next((one for one in sys.argv[1:] if not one.startswith('-')), '')}"[:60].strip()


@contextmanager
def _cancelled_by_signals(asked: list[int]) -> Iterator[None]:
    """SIGTERM and SIGHUP cancel the task in hand, as Ctrl-C does: an exception in the midst of the database's driver,
    which is compiled, can end the program with a fault."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end(number: int) -> None:
        asked.append(number)
        task.cancel()

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        loop.add_signal_handler(number, end, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


async def prepare_database(url: str, *, create: bool = False) -> None:
    """Migrate a new database, with `create`. Raises SetupError for one that is not there or not of this version."""
    from civic.composition import install_hooks, migrate  # every domain, which not every command needs

    install_hooks()
    with report_unreachable(url):
        async with db.connect(url, 2):
            await database_schema.refuse_newer_schema()
            missing = await database_schema.unapplied_migrations()
        if missing == database_schema.migration_names() and create:
            await migrate(url)
            return
    if missing == database_schema.migration_names():
        raise SetupError(f"The database {describe_place(url)} has nothing of Civic in it. {db.HOW_TO_MAKE_ONE}")
    if missing:
        raise SetupError(f"The database lacks {', '.join(missing)}. Run: civic migrate")


@contextmanager
def show_progress() -> Iterator[Callable[[float, str], None]]:
    """A function that shows how far a command is (a share, and words) on stderr: a bar on a terminal, else a line now
    and then."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda share, words: bar.update(task, completed=share, description=words)
        return
    began = said = time.monotonic()

    def tell(share: float, words: str) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= SAID_EVERY:
            said = now
            left = (now - began) / share - (now - began) if share else 0.0
            sys.stderr.write(f"{words}, about {left:.0f} s left\n")

    yield tell


def print_answer(data: Any, text: str, as_json: bool) -> None:
    """Print what was asked for: `data` as JSON, or `text`."""
    sys.stdout.write((json.dumps(data, ensure_ascii=False, default=str) if as_json else text) + "\n")
