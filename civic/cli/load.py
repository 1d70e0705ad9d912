"""`civic load PACK`"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civic.cli.common import EXIT_CANNOT, AsJson, print_answer, run_with_database
from civic.config import Config

if TYPE_CHECKING:
    from civic.packs.actions import LoadSummary

commands = typer.Typer()


@commands.command("load")
def load(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="Folder that describes the city: docs/pack.md.")],
    as_json: AsJson = False,
) -> None:
    """Check a pack and load it; say everything that is wrong with it, and then change nothing."""
    from civic.packs.actions import load_pack
    from civic.packs.problems import PackError

    async def work(_: Config) -> "LoadSummary":
        return await load_pack(pack)

    try:
        summary = run_with_database(work, create=True)
    except PackError as error:
        if not as_json:
            raise
        print_answer({"problems": [asdict(one) for one in error.problems]}, "", True)
        raise typer.Exit(EXIT_CANNOT) from None
    print_answer(summary.as_json(), _summary(summary), as_json)


def _summary(summary: "LoadSummary") -> str:
    warnings = [f"Warning: {one}" for one in summary.warnings]
    if not summary.changed:
        return "\n".join(["The pack is loaded already. Nothing was changed.", *warnings])
    lines = [_line(kind, vars(counts)) for kind, counts in summary.kinds.items()]
    return "\n".join([f"Loaded {' / '.join(summary.city.values())}.", *lines, *warnings])


def _line(kind: str, counts: dict[str, object]) -> str:
    parts = [f"{n} {word}" for word, n in counts.items() if n]
    return f"  {kind:12} {', '.join(parts) or 'none'}"
