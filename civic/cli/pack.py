"""`civic pack new DIR --osm FILE`, `civic pack check DIR`"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from civic.cli.common import EXIT_CANNOT, AsJson, command_group, print_answer, report_errors, show_progress

commands = typer.Typer()
pack = command_group("pack", "Packs, which describe a city: docs/pack.md.")
commands.add_typer(pack)


@pack.command("new")
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The pack's folder; it must not exist yet.")],
    osm: Annotated[Path, typer.Option("--osm", metavar="FILE", help="An OpenStreetMap extract of the city, .osm.pbf.")],
    country: Annotated[str, typer.Option("--country", help="Its two letters, such as FI; else the extract says.")] = "",
    name: Annotated[str, typer.Option("--name", help="Of the city, where the extract has several.")] = "",
    link: Annotated[bool, typer.Option("--link", help="Link to the extract instead of copying it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a whole pack to start from: areas, departments, categories and calendars of the city in an extract."""
    from civic.packs.starter import StarterOptions, write_pack

    with report_errors(), show_progress() as tell:
        made = write_pack(folder, osm, StarterOptions(country, name, link), tell)
    facts, counts = made.facts, {part: len(getattr(made.pack, part)) for part in ("areas", "departments", "categories")}
    lines = [
        f"Wrote {folder}: {' / '.join(dict.fromkeys(facts.names.values()))}, {facts.country}, {facts.zone}.",
        f"  languages: {', '.join(facts.languages)}; " + ", ".join(f"{n} {part}" for part, n in counts.items()),
        *(f"  {note}" for note in facts.notes),
        f"Look through its files, then: civic load {folder}",
    ]
    about = {"names": facts.names, "country": facts.country, "zone": facts.zone, "languages": facts.languages}
    print_answer({"pack": str(folder), **about, **counts, "notes": facts.notes}, "\n".join(lines), as_json)


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
