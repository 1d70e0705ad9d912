"""`civic backup` and `civic restore`"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civic import db, erasures, signing
from civic.cli.common import (
    AsJson,
    command_group,
    exit_on_signals,
    load_command_config,
    print_answer,
    run_until_signal,
    run_with_database,
    show_progress,
)
from civic.config import Config
from civic.errors import SetupError

if TYPE_CHECKING:
    from civic.backups.actions import Restored
    from civic.backups.archive import Archive
    from civic.backups.manifest import Manifest

commands = command_group()

MAX_FAULTS_NAMED = 20
File = Annotated[Path, typer.Argument(metavar="FILE")]
Logs = Annotated[
    list[Path] | None,
    typer.Option("--erasures", metavar="LOG", help="A log of erasures that goes on after the backup; repeatable."),
]


@commands.command()
def backup(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Replace FILE if it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the whole city to one file, while it is served. The file holds the city's secrets."""
    from civic.backups.actions import make_backup

    async def work(config: Config) -> "Manifest":
        with show_progress() as tell, db.database_url(config) as url, _report_cut_off("The backup"):
            return await make_backup(config, url, file, tell, replace=replace)

    made = run_with_database(work)
    if made.photos.missing:
        sys.stderr.write(f"Photos of posts that had lost files, which the backup lacks, too: {made.photos.missing:,}\n")
    print_answer(_as_json(file, made), f"{file}: {_describe(made)}", as_json)


@commands.command()
def restore(
    file: File,
    logs: Logs = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether FILE is whole, and what is in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a city of a backup, in an empty database and a folder of its own, and say whether it is what it was."""
    from civic.backups.actions import open_backup

    config = load_command_config(create=not check)
    with show_progress() as tell:
        found, manifest = open_backup(file, tell)
    if check:
        print_answer(_as_json(file, manifest), f"{file} is whole: {_describe(manifest)}", as_json)
        return
    done = _restore(config, found, manifest, logs or [])
    data = _as_json(file, manifest) | {"erased": done.erased, "histories": done.histories, "faults": done.faults}
    print_answer(data, _say(config, manifest, done), as_json)
    if done.faults:
        raise SystemExit(1)


def _restore(config: Config, found: "Archive", manifest: "Manifest", logs: list[Path]) -> "Restored":
    """Every step can be cut off: nobody serves what that leaves, and the next restore takes it away."""
    from civic.backups.target import TargetFolder
    from civic.postgres.serve_lock import serve_lock

    with exit_on_signals(), serve_lock(config.paths.var, "civic restore"):
        TargetFolder(config).check(found)
        with db.database_url(config, create=True, restoring=True) as url:
            return run_until_signal(_fill(config, url, found, manifest, logs))


async def _fill(config: Config, url: str, found: "Archive", manifest: "Manifest", logs: list[Path]) -> "Restored":
    from civic.backups.actions import finish_restore, load_backup, merge_erasures, restore_lock
    from civic.composition import install_hooks, migrate

    install_hooks()
    with show_progress() as tell, _report_cut_off("The restore"):
        async with restore_lock(url):
            async with db.connect(url, config.database.pool):
                await load_backup(config, url, found, manifest, tell)
            lines = merge_erasures(config, found, logs)
            signing.set_key(config.secret)
            erasures.set_log(config.paths.var)
            await migrate(url)
            async with db.connect(url, config.database.pool):
                return await finish_restore(config, manifest, lines, tell)


@contextmanager
def _report_cut_off(what: str) -> Iterator[None]:
    """What the database or the disk says in the midst of it, as a sentence."""
    from civic.database_errors import UNREACHABLE

    try:
        yield
    except UNREACHABLE as error:
        raise SetupError(f"{what} was cut off: {error}. Try again once that is mended.") from error


def _as_json(file: Path, manifest: "Manifest") -> dict[str, object]:
    return {"file": str(file), **manifest.model_dump(mode="json")}


def _describe(manifest: "Manifest") -> str:
    return (
        f"{manifest.city} as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, {sum(manifest.tables.values()):,} rows in "
        f"{len(manifest.tables)} tables of PostgreSQL {manifest.postgresql}, {manifest.photos.files:,} files of photos."
    )


def _say(config: Config, manifest: "Manifest", done: "Restored") -> str:
    from civic.backups.target import RESTORED_SETTINGS

    holds = f"Rows as in the backup; {done.histories:,} histories and every seal hold; photos are what they were."
    lines = [
        f"Restored {_describe(manifest)}",
        f"{len(done.faults):,} differences:" if done.faults else holds,
        *done.faults[:MAX_FAULTS_NAMED],
        f"Erased again, as the log of erasures says: {done.erased:,} texts.",
        f"The settings of then are in {config.paths.var / RESTORED_SETTINGS}; in force are those of this machine.",
    ]
    if manifest.granted:
        lines.append(f"Give the program its rights again: civic migrate --grant {manifest.granted[0]}")
    if config.search.url:
        lines.append("Bring Meilisearch to what is there now: civic search check --mend")
    return "\n".join(lines)
