"""`civic scores publish|show|list|verify`"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config
from civic.errors import Invalid, NotFound

commands = typer.Typer()
scores = command_group("scores", "Published scores, and whether they are right.")
commands.add_typer(scores)

PERIOD = "2024, 2024-Q3, 2024-07, or 2024-03-01..2024-03-14 (both days included), in the city's zone."


@scores.command("publish")
def publish(
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help=PERIOD)] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day, included.")] = None,
    correct: Annotated[str | None, typer.Option(metavar="ID", help="Replace this release, of the same period.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is corrected; it is published.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the files of the release there, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the scores of a period and publish them, for ever."""
    from civic.scores import queries
    from civic.scores.actions import publish as publish_span
    from civic.scores.periods import parse_span

    if (first is None) != (last is None) or (first and period) or not (first or period or correct):
        raise Invalid("Say which period: PERIOD, or --from and --to, or --correct ID.")
    named = f"{first}..{last}" if first else period

    async def work(_: Config) -> dict[str, Any]:
        span = parse_span(named) if named else await queries.span_of_release(str(correct))
        made = await publish_span(span, corrects=correct, reason=reason)
        files = await queries.files(made.id)
        if out is not None:
            _write(out, files)
        return {"release": made.id, "seal": made.document["seal"], "files": {n: len(data) for n, data in files.items()}}

    said = run_with_database(work)
    where = f" Its files are in {out}." if out else ""
    print_answer(said, f"Published {said['release']}.{where} Seal: {said['seal']}", as_json)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise Invalid(f"Published, but {error.filename or folder} cannot be written: {error.strerror}") from error


@scores.command("list")
def list_releases(as_json: AsJson = False) -> None:
    """The releases, the latest period first."""
    from civic.scores import queries

    async def work(_: Config) -> list[dict[str, Any]]:
        return [one.plain() for one in await queries.releases()]

    found = run_with_database(work)
    lines = [f"{one['release']:24} {one['made_at']}  {_status(one)}" for one in found]
    print_answer(found, "\n".join(lines) or "Nothing is published yet.", as_json)


def _status(one: dict[str, Any]) -> str:
    if one["replaced_by"]:
        return f"replaced by {one['replaced_by']}"
    return f"corrects {one['replaces']}: {one['reason']}" if one["replaces"] else ""


@scores.command("show")
def show(
    release_id: Annotated[str | None, typer.Argument(metavar="ID", help="Else the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """The scores of a release."""
    from civic.scores import queries
    from civic.scores.pages import plain_table

    async def work(_: Config) -> dict[str, Any]:
        found = await queries.release(release_id)
        if found is None:
            raise NotFound(f"There is no release {release_id}." if release_id else "Nothing is published yet.")
        return found.document

    document = run_with_database(work)
    print_answer(document, "" if as_json else plain_table(document), as_json)


@scores.command("verify")
def verify(
    release: Annotated[Path, typer.Argument(metavar="RELEASE.json")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Where stints.csv and ratings.csv are.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Compute every figure of a release again from its two files. Needs neither a database nor a configuration."""
    from civic.scores.verify import count_figures, verify_folder

    try:
        document, differences = verify_folder(release, data)
    except OSError as error:
        raise Invalid(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(f"{release} is no release: {error}") from error
    figures = count_figures(document)
    first = f"{differences[0]}" if differences else None
    print_answer(
        {"release": document.get("release"), "figures": figures, "verified": not differences, "difference": first},
        f"verified: {figures} figures" if first is None else f"Different: {first}",
        as_json,
    )
    if differences:
        sys.exit(1)
