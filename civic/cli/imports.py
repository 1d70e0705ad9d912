"""`civic import`: reports from elsewhere."""

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

if TYPE_CHECKING:
    from civic.imports.actions import Progress

commands = command_group()

INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, JSON, GeoJSON or CSV, plain or gzip.")],
    mapping: Annotated[Path, typer.Option(metavar="MAP.toml", help="What the columns mean: docs/import.md.")],
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused rows go; else var/import-NAME-rejects.jsonl.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but the writing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import reports with their history. Stopped and started again, it goes on where it was."""
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
