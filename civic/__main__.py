"""The command line: `civic …`, or `python -m civic …`."""

import importlib
import pkgutil
import tomllib
from typing import Annotated

import typer

from civic import cli, database_schema
from civic.cli.common import report_errors
from civic.config import PROGRAM
from civic.privileges import make_files_private

SHARED = ("common", "database_settings", "protection", "sql")


def build() -> typer.Typer:
    """Every file of civic/cli adds its group: `commands`, under a name of its own or at the top."""
    top = typer.Typer(
        name="civic",
        help="Citizens report, departments answer on the clock, anybody can check the scores.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    top.callback()(_version_first)
    for found in sorted(pkgutil.iter_modules(cli.__path__), key=lambda one: one.name):
        if found.name not in SHARED:
            top.add_typer(importlib.import_module(f"civic.cli.{found.name}").commands)
    return top


def _print_version(asked: bool) -> None:
    if asked:
        about = tomllib.loads((PROGRAM / "pyproject.toml").read_text("utf-8"))["project"]
        typer.echo(f"Civic {about['version']}, schema {database_schema.migration_names()[-1]}, in {PROGRAM}")
        raise typer.Exit


def _version_first(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    make_files_private()
    with report_errors():
        build()(prog_name="civic")


if __name__ == "__main__":
    main()
