"""`civic load PACK`"""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civic.cli.common import EXIT_CANNOT, AsJson, print_answer, run_with_database, show_progress
from civic.config import Config

if TYPE_CHECKING:
    from civic.packs.actions import LoadSummary

commands = typer.Typer()


@commands.command("load")
def load(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="Folder that describes the city: docs/pack.md.")],
    replace_demo: Annotated[
        bool, typer.Option("--replace-demo", help="Remove the demo city first: its people, posts, scores and photos.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a pack and load it; say everything that is wrong with it, and then change nothing."""
    from civic.geo.base_map import tiles_folder
    from civic.packs.actions import load_pack
    from civic.packs.base_map import TilesPlace
    from civic.packs.problems import PackError

    async def work(config: Config) -> "LoadSummary":
        with show_progress() as tell:
            tiles = TilesPlace(tiles_folder(config), tell)
            summary = await load_pack(pack, replace_demo=replace_demo, tiles=tiles)
        if summary.removed:
            _remove_files(config)
            if config.search.url:
                summary.warnings.append("Meilisearch still knows the demo city: civic search rebuild")
        return summary

    try:
        summary = run_with_database(work, create=True)
    except PackError as error:
        if not as_json:
            raise
        print_answer({"problems": [asdict(one) for one in error.problems]}, "", True)
        raise typer.Exit(EXIT_CANNOT) from None
    print_answer(summary.as_json(), _summary(summary), as_json)


def _remove_files(config: Config) -> None:
    """The photos and the mail of the demo city, after its rows."""
    for folder in (config.media_folder, config.paths.var / "outbox"):
        shutil.rmtree(folder, ignore_errors=True)


def _summary(summary: "LoadSummary") -> str:
    warnings = [f"Warning: {one}" for one in summary.warnings]
    warnings = [*(f"  calendar {slug}: {dates}" for slug, dates in summary.public_holidays.items()), *warnings]
    for kind, cases in summary.open_cases.items():
        for slug, count in cases.items():
            promises = f"{count} open {'case' if count == 1 else 'cases'} with running promises"
            warnings.append(
                f"Retired: {slug} ({kind}) has {promises}; a dispatcher can give them to another department."
            )
    if any(vars(summary.moved).values()):
        moved = f"{summary.moved.reports:,} reports and {summary.moved.traffic_updates:,} traffic updates"
        warnings.append(f"The areas changed: {moved} belong to another one now, by their place.")
    if not summary.changed:
        return "\n".join(["The pack is loaded already. Nothing was changed.", *warnings])
    lines = [_line(kind, vars(counts)) for kind, counts in summary.kinds.items()]
    if summary.removed:
        counts = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in summary.removed.items())
        lines.insert(0, f"Removed the demo city: {counts}.")
    return "\n".join([f"Loaded {' / '.join(summary.city.values())}.", *lines, *warnings])


def _line(kind: str, counts: dict[str, object]) -> str:
    parts = [f"{n} {word}" for word, n in counts.items() if n]
    return f"  {kind:12} {', '.join(parts) or 'none'}"
