"""`civic reports remove`"""

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from civic import timing
from civic.cli.common import AsJson, command_group, print_answer, run_with_database, show_progress
from civic.config import Config
from civic.errors import Invalid

if TYPE_CHECKING:
    from civic.imports.removal import Removed

EARLIEST = date(1900, 1, 1)

commands = typer.Typer()
reports = command_group("reports", "Reports, as an operator sees them.")
commands.add_typer(reports)


@reports.command("remove")
def remove(
    before: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Those posted before this day of the city.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them. Nothing brings them back but a backup.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove the reports of a trial wholly, before the city opens: cases, histories, photos, comments, messages.

    Not after the first release of the scores. Ended in the middle and started again, it goes on.
    """
    from civic.imports.removal import remove_reports
    from civic.media.actions import delete_pending_photos
    from civic.media.store import Store

    try:
        day = date.fromisoformat(before)
    except ValueError:
        raise Invalid(fields={"--before": f"{before!r} is no day such as 2026-11-30."}) from None
    counting = dry_run or not yes

    async def work(config: Config) -> "Removed":
        instant = await _midnight(day)
        with show_progress() as tell:
            done = await remove_reports(instant, dry_run=counting, on_progress=tell)
        if not counting:
            await delete_pending_photos(Store(config.media_folder))
        return done

    done = run_with_database(work)
    if not (yes or dry_run):
        raise Invalid(f"This would remove {_describe(done)} Say --yes to do it, for good.")
    text = f"{'Would remove' if dry_run else 'Removed'} {_describe(done)}"
    print_answer({"removed": not counting, **asdict(done)}, text, as_json)


async def _midnight(day: date) -> datetime:
    """When a day of the city begins. Raises Invalid beyond tomorrow: a wrong year would remove everything."""
    from civic.city.queries import city

    view = await city()
    tomorrow = view.local(timing.now()).date() + timedelta(days=1)
    if not EARLIEST <= day <= tomorrow:
        raise Invalid(fields={"--before": f"{day} is not between {EARLIEST} and tomorrow, {tomorrow}."})
    return datetime.combine(day, time(), view.zone).astimezone(UTC)


def _describe(done: "Removed") -> str:
    counts = {name: count for name, count in asdict(done).items() if name != "kept"}
    text = ", ".join(f"{count:,} {name}" for name, count in counts.items()) + "."
    if done.kept:
        text += f" {done.kept:,} cases stay, as a merge ties them to a later report."
    return text


@reports.command("recount")
def rebuild_map(as_json: AsJson = False) -> None:
    """Make what the map counts again from the reports. Who posts meanwhile waits: some seconds for 100,000 reports."""
    from civic.reports.maps.actions import rebuild_map

    async def work(_config: Config) -> int:
        return await rebuild_map()

    made = run_with_database(work)
    print_answer({"points": made}, f"{made:,} reports are on the map.", as_json)
