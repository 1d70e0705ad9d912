"""`civic search`: the index, made anew or compared."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database, show_progress
from civic.config import Config

if TYPE_CHECKING:
    from civic.search.meili.client import Meili

commands = command_group("search", "The index that searches are answered from.")

INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended
SHOWN = 5  # of the documents that differ
Mend = Annotated[bool, typer.Option("--mend", help="Have what differs put into the index again.")]
Found = dict[str, dict[str, Any]]


@commands.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the index anew. Searches go on meanwhile; stopped and started again, it goes on where it was."""
    try:
        done = run_with_database(_rebuild)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Searches are answered as before; the same command goes on from there.\n")
        raise SystemExit(INTERRUPTED) from None
    print_answer(done, "\n".join(f"{engine}: {count:,} made anew." for engine, count in done.items()), as_json)


async def _rebuild(config: Config) -> dict[str, int]:
    from civic.admin import reindexing
    from civic.search.meili.rebuild import rebuild as rebuild_meili
    from civic.search.queries import wanted_settings

    with show_progress() as tell:
        done = {"PostgreSQL": await reindexing.rebuild(follow=bool(config.search.url), told=_told(tell, "PostgreSQL"))}
    if config.search.url:
        async with _meili(config) as meili:
            with show_progress() as tell:
                done["Meilisearch"] = await rebuild_meili(meili, await wanted_settings(), _told(tell, "Meilisearch"))
    return done


@commands.command()
def check(mend: Mend = False, as_json: AsJson = False) -> None:
    """Compare the index with the database. Ends with 1 if anything differs that is not on its way."""
    found = run_with_database(lambda config: _check(config, mend))
    print_answer(found, "\n".join(_line(engine, one) for engine, one in found.items()), as_json)
    if any(one["differ"] for one in found.values()) and not mend:
        raise SystemExit(1)


async def _check(config: Config, mend: bool) -> Found:
    from civic.admin import reindexing
    from civic.search.meili import verify

    with show_progress() as tell:
        differences = await reindexing.check(told=_told(tell, "PostgreSQL"))
    found = {"PostgreSQL": _said(differences)}
    if mend:
        await reindexing.mend(differences)
    if config.search.url:
        async with _meili(config) as meili:
            theirs = await verify.check(meili)
            found["Meilisearch"] = _said(theirs)
            if mend:
                await verify.mend(theirs)
    for one in found.values():
        one["mended"] = mend and bool(one["differ"])
    return found


def _said(differences: Any) -> dict[str, Any]:
    names = ("missing", "extra", "different")
    said = {name: [f"{kind}:{subject}" for kind, subject in getattr(differences, name)] for name in names}
    return {"compared": differences.compared, "differ": sum(map(len, said.values())), **said}


def _line(engine: str, found: dict[str, Any]) -> str:
    line = f"{engine}: {found['compared']:,} compared, {found['differ']:,} differ."
    for name in ("missing", "extra", "different"):
        if some := found[name]:
            more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
            line += f"\n  {name}: {', '.join(some[:SHOWN])}{more}"
    return line + ("\n  They are put into the index again by the workers." if found["mended"] else "")


@asynccontextmanager
async def _meili(config: Config) -> AsyncIterator["Meili"]:
    from civic.search.meili.client import Meili
    from civic.search.meili.saved_state import search_key

    meili = Meili(config.search, search_key)
    try:
        yield meili
    finally:
        meili.close()


def _told(tell: Callable[[float, str], None], what: str) -> Callable[[int, int], None]:
    return lambda done, every: tell(done / max(every, 1), f"{what}: {done:,} of {every:,}")
