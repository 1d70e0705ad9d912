"""`civic work`"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import civic
from civic.cli.common import command_group

commands = command_group()


@commands.command()
def work(
    names: Annotated[list[str] | None, typer.Argument(help="Workers to run; all when none is named.")] = None,
) -> None:
    """Run workers only, on this or on another machine: `civic serve --no-workers` is the other half."""
    root = str(Path(civic.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    # The program knows nothing of its workers: it becomes them.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "workers", *(names or [])], environment)  # noqa: S606
