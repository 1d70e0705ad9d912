"""`civic import`: reports from elsewhere, and taking them back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civic.cli.common import (
    EXIT_WRONG,
    AsJson,
    command_group,
    load_command_config,
    print_answer,
    run_with_database,
    show_progress,
)
from civic.config import Config
from civic.errors import Invalid

if TYPE_CHECKING:
    from civic.imports.actions import Progress
    from civic.imports.undo import Undoing

commands = command_group()

INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended


@commands.command("import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="JSON lines, JSON, GeoJSON or CSV, plain or gzip.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="MAP.toml", help="What the columns mean: docs/import.md.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused rows go; else var/import-NAME-rejects.jsonl.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but the writing.")] = False,
    undo: Annotated[str, typer.Option(metavar="NAME", help="Take back the import of this name, instead.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="With --undo: do it, and do not only say what it would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import reports with their history. Stopped and started again, it goes on where it was."""
    if undo:
        if file or mapping or rejects:
            raise Invalid("--undo needs the name of the import and nothing else: no FILE, no --mapping.")
        _undo(undo, yes and not dry_run, as_json)
    elif file is None or mapping is None:
        raise Invalid("A FILE and its --mapping are needed (or --undo NAME).")
    else:
        _import(file, mapping, rejects, dry_run, as_json)


def _import(file: Path, mapping: Path, rejects: Path | None, dry_run: bool, as_json: bool) -> None:
    from civic.imports.actions import import_file
    from civic.imports.mapping import read_mapping

    read = read_mapping(mapping)
    where = rejects or load_command_config().paths.var / f"import-{read.name}-rejects.jsonl"

    async def work(_: Config) -> "Progress":
        with show_progress() as tell:
            return await import_file(
                file, read, where, on_progress=lambda one: tell(one.share, _rate(one)), dry_run=dry_run
            )

    try:
        done = run_with_database(work)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. What was imported stays; the same command goes on from there.\n")
        raise SystemExit(INTERRUPTED) from None
    print_answer(done.as_json() | {"dry_run": dry_run}, _summary(done, dry_run), as_json)
    if done.failed:
        raise SystemExit(EXIT_WRONG)


def _summary(done: "Progress", dry_run: bool) -> str:
    counts = f"{done.imported:,} imported, {done.refused:,} refused, {done.unchanged:,} unchanged"
    counts += f", {done.skipped:,} skipped" if done.skipped else ""
    lines = [f"{counts}, in {done.seconds:.1f} s."]
    lines += [f"  {count:,} × noted: {kind}" for kind, count in done.adjustments.most_common()]
    lines += [f"  {count:,} × refused: {kind}" for kind, count in done.reasons.most_common()]
    if done.rejects:
        lines.append(f"The refused rows and their reasons are in {done.rejects}; corrected, it can be imported itself.")
    if dry_run:
        lines.append("This was a dry run: nothing was written.")
    elif done.imported:
        lines.append(
            "Search and lists show them as the index catches up, which a worker does (civic serve, or civic work); "
            "civic search check tells whether it has."
        )
    return "\n".join(lines)


def _rate(progress: "Progress") -> str:
    return f"{progress.rows:,} rows, {progress.rows / max(progress.seconds, 1e-3):,.0f} a second"


def _undo(name: str, confirmed: bool, as_json: bool) -> None:
    from civic.imports.undo import undo_import

    async def work(_: Config) -> "Undoing":
        with show_progress() as tell:
            return await undo_import(
                name, confirmed=confirmed, on_progress=lambda one: tell(0.0, f"{one.reports:,} reports")
            )

    try:
        done = run_with_database(work)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. The same command takes back the rest.\n")
        raise SystemExit(INTERRUPTED) from None
    print_answer(done.as_json(), _describe(done), as_json)


def _describe(undoing: "Undoing") -> str:
    verb = "were" if undoing.done else "would be"
    lines = [f"{undoing.reports:,} reports of {undoing.name} {verb} taken back, with their cases and histories."]
    if undoing.kept:
        lines.append(f"{undoing.kept:,} stay, as somebody has worked on them since:")
        lines += [f"  {count:,} × {kind}" for kind, count in undoing.worked_on.most_common()]
        lines += [f"  {path}" for path in undoing.paths] + (["  …"] if undoing.kept > len(undoing.paths) else [])
    if undoing.added:
        what = "With them went" if undoing.done else "With them would go, unless something else uses it"
        lines.append(f"{what}: {', '.join(undoing.added)}.")
    if undoing.in_use:
        lines.append(f"In use, so they stay: {', '.join(undoing.in_use)}.")
    if undoing.releases:
        lines.append(
            f"{undoing.releases:,} published releases of the scores may count these reports. They stay as they were "
            "published, and their data with them; publish corrections of them (civic scores publish)."
        )
    if undoing.done:
        lines.append("Search forgets them as the index catches up, which a worker does (civic serve, or civic work).")
    else:
        lines.append("Nothing was changed. Add --yes to do it.")
    return "\n".join(lines)
