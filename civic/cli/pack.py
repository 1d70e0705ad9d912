"""`civic pack check DIR`"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from civic.cli.common import EXIT_CANNOT, AsJson, command_group, print_answer

commands = typer.Typer()
pack = command_group("pack", "Packs, which describe a city: docs/pack.md.")
commands.add_typer(pack)


@pack.command("check")
def check(
    folder: Annotated[Path, typer.Argument(metavar="PACK", help="The pack's folder.")], as_json: AsJson = False
) -> None:
    """Check a pack as `civic load` does, without a database. Ends with 2 if it has problems; warnings end with 0."""
    from civic.packs.doubts import find_doubts, find_promise_doubts
    from civic.packs.problems import PackError
    from civic.packs.reader import read_pack

    try:
        read = read_pack(folder)
    except PackError as error:
        if not as_json:
            raise
        print_answer({"right": False, "problems": [asdict(one) for one in error.problems]}, "", True)
        raise typer.Exit(EXIT_CANNOT) from None
    warnings = [*find_doubts(read), *find_promise_doubts(read)]
    parts = ("areas", "calendars", "departments", "categories", "rules", "services", "places")
    counts = {name: len(getattr(read, name)) for name in parts}
    text = "The pack is right: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + "."
    data = {"right": True, "problems": [], "warnings": warnings, **counts}
    print_answer(data, "\n".join([text, *(f"Warning: {one}" for one in warnings)]), as_json)
