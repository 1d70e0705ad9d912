"""`civic search`: the index, rebuilt or compared."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database, show_progress
from civic.config import Config

if TYPE_CHECKING:
    from civic.search.engine import Differences, Engine

commands = command_group("search", "The index that searches are answered from.")

INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended
SHOWN = 5  # of the documents that differ
Mend = Annotated[bool, typer.Option("--mend", help="Have what differs put into the index again.")]
Found = dict[str, dict[str, Any]]


@commands.command()
def rebuild(as_json: AsJson = False) -> None:
    """Rebuild the index. Searches go on meanwhile; stopped and started again, it continues where it was."""
    try:
        done = run_with_database(_rebuild)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Searches are answered as before; the same command continues from there.\n")
        raise SystemExit(INTERRUPTED) from None
    print_answer(done, "\n".join(f"{engine}: {count:,} rebuilt." for engine, count in done.items()), as_json)


async def _rebuild(config: Config) -> dict[str, int]:
    from civic.search.rebuild import rebuild

    done = {}
    async with _engines(config) as engines:
        for engine in engines:
            with show_progress() as show:
                done[engine.name] = await rebuild(engine, _on_progress(show, engine.name))
    return done


@commands.command()
def check(mend: Mend = False, as_json: AsJson = False) -> None:
    """Compare the index with the database. Ends with 1 if anything differs that is not on its way."""
    found = run_with_database(lambda config: _check(config, mend))
    print_answer(found, "\n".join(_line(engine, one) for engine, one in found.items()), as_json)
    if any(one["differ"] for one in found.values()) and not mend:
        raise SystemExit(1)


async def _check(config: Config, mend: bool) -> Found:
    from civic.search.verify import check

    found: Found = {}
    async with _engines(config) as engines:
        for engine in engines:
            with show_progress() as show:
                differences = await check(engine, _on_progress(show, engine.name))
            found[engine.name] = _as_json(differences) | {"on_their_way": await engine.count_waiting()}
            if mend:
                await engine.mend(differences)
    for one in found.values():
        one["mended"] = mend and bool(one["differ"])
    return found


def _as_json(differences: "Differences") -> dict[str, object]:
    parts = {"missing": differences.missing, "extra": differences.extra, "different": differences.different}
    named = {name: [f"{kind}:{item_id}" for kind, item_id in keys] for name, keys in parts.items()}
    return {"compared": differences.compared, "differ": len(differences.keys()), **named}


def _line(engine: str, found: dict[str, Any]) -> str:
    line = f"{engine}: {found['compared']:,} compared, {found['differ']:,} differ."
    for name in ("missing", "extra", "different"):
        if some := found[name]:
            more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
            line += f"\n  {name}: {', '.join(some[:SHOWN])}{more}"
    if found["on_their_way"]:
        line += f"\n  {found['on_their_way']:,} changes are on their way, which a worker puts into the index."
    return line + ("\n  They are put into the index again by the workers." if found["mended"] else "")


@asynccontextmanager
async def _engines(config: Config) -> AsyncIterator[list["Engine[Any]"]]:
    """The engines that are in use, each after the one that it follows."""
    from civic.search.meili.client import Meili
    from civic.search.meili.engine import MeiliEngine
    from civic.search.meili.queue import search_key
    from civic.search.postgres.engine import PostgresEngine
    from civic.search.queries import wanted_settings

    if not config.search.url:
        yield [PostgresEngine()]
        return
    meili = Meili(config.search, search_key)
    try:
        yield [PostgresEngine(follow=True), MeiliEngine(meili, await wanted_settings())]
    finally:
        meili.close()


def _on_progress(show: Callable[[float, str], None], engine: str) -> Callable[[int, int], None]:
    return lambda done, total: show(done / max(total, 1), f"{engine}: {done:,} of {total:,}")
