"""`civic scores publish|show|list|verify|proof`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database, show_progress
from civic.config import Config
from civic.errors import Invalid, NotFound

if TYPE_CHECKING:
    from civic.scores.method.release_format import ReleaseDocument
    from civic.scores.models import Release
    from civic.scores.schemas import ReleaseSummary

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
    """Compute the scores of a period and publish them. What is published never changes."""
    from civic.scores import queries
    from civic.scores.actions import publish_release
    from civic.scores.periods import parse_span

    if (first is None) != (last is None) or (first and period) or not (first or period or correct):
        raise Invalid("Say which period: PERIOD, or --from and --to, or --correct ID.")
    named = f"{first}..{last}" if first else period

    async def publish_period(_: Config) -> tuple["Release", dict[str, bytes]]:
        span = parse_span(named) if named else await queries.get_release_span(str(correct))
        with show_progress() as tell:
            release = await publish_release(span, corrects=correct, reason=reason, on_progress=tell)
        return release, await queries.get_files(release.id)

    release, files = run_with_database(publish_period)
    if out is not None:
        _write_files(out, files)
    seal, sizes = release.document["seal"], {name: len(data) for name, data in files.items()}
    where = f" Its files are in {out}." if out else ""
    answer = {"release": release.id, "seal": seal, "files": sizes}
    print_answer(answer, f"Published {release.id}.{where} Seal: {seal}", as_json)


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
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

    async def read(_: Config) -> list["ReleaseSummary"]:
        return [entry.summary() for entry in await queries.list_releases()]

    releases = run_with_database(read)
    lines = [f"{release.release:24} {release.made_at}  {_describe_correction(release)}" for release in releases]
    data = [release.model_dump(by_alias=True) for release in releases]
    print_answer(data, "\n".join(lines) or "Nothing is published yet.", as_json)


def _describe_correction(release: "ReleaseSummary") -> str:
    if release.replaced_by:
        return f"replaced by {release.replaced_by}"
    return f"corrects {release.replaces}: {release.reason}" if release.replaces else ""


@scores.command("show")
def show(
    release_id: Annotated[str | None, typer.Argument(metavar="ID", help="Else the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """The scores of a release."""
    from civic.scores import queries
    from civic.scores.table import format_table

    async def read(_: Config) -> "ReleaseDocument":
        published = await queries.find_release(release_id)
        if published is None:
            raise NotFound(f"There is no release {release_id}." if release_id else "Nothing is published yet.")
        return published.document

    document = run_with_database(read)
    print_answer(document, "" if as_json else format_table(document), as_json)


@scores.command("verify")
def verify(
    release: Annotated[Path, typer.Argument(metavar="RELEASE.json")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Where assignments.csv and ratings.csv are.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Compute every figure of a release again from its files. Needs neither a database nor a configuration."""
    from civic.scores.proof_check import check_previous
    from civic.scores.verify import verify_folder

    try:
        document, check = verify_folder(release, data)
        previous, is_right = check_previous(document, data)
    except OSError as error:
        raise Invalid(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(f"{release} is no release: {error}") from error
    answer = {
        "release": document.get("release"),
        "figures": check.figures,
        "verified": not check.discrepancies,
        "difference": str(check.discrepancies[0]) if check.discrepancies else None,
        "unchecked": check.unchecked,
        "previous": is_right,
    }
    print_answer(answer, f"{check.verdict}\n{previous}", as_json)
    if check.discrepancies or is_right is False:
        sys.exit(1)


@scores.command("proof")
def proof(
    release: Annotated[Path, typer.Argument(metavar="RELEASE.json")],
    history: Annotated[Path, typer.Argument(metavar="HISTORY.json", help="The history proof that was kept.")],
    later: Annotated[
        Path | None, typer.Argument(metavar="LATER.json", help="A later proof, or the site's answer.")
    ] = None,
    data: Annotated[Path, typer.Option(metavar="DIR", help="Where chains.csv is.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Is the history that somebody kept still in a release? Needs neither a database nor a configuration."""
    from civic.scores.proof_check import check_proof_files

    try:
        report = check_proof_files(release, history, later, data)
    except OSError as error:
        raise Invalid(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(str(error)) from error
    result = report.result
    answer = {"release": report.release, "state": report.kept.state, "result": result, "holds": result.holds}
    print_answer(answer, "\n".join(report.lines()), as_json)
    if not result.holds:
        sys.exit(1)
