"""`civic assets list qr`"""

from pathlib import Path
from typing import Annotated

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config
from civic.errors import Invalid, SetupError

commands = typer.Typer()
assets = command_group("assets", "Numbered things of the city: lamps, bins, hydrants.")
commands.add_typer(assets)

Kind = Annotated[str, typer.Option("--kind", metavar="KIND", help="Those of this kind, as categories name it.")]


@assets.command("list")
def list_assets(kind: Kind = "", as_json: AsJson = False) -> None:
    """Print the numbered things that reports may name: kind, number, latitude, longitude."""
    from civic.catalogue.queries import NearAsset, list_assets

    async def work(_config: Config) -> list[NearAsset]:
        return await list_assets(kind)

    found = run_with_database(work)
    rows = [{"kind": one.kind, "code": one.code, "lat": one.lat, "lon": one.lon} for one in found]
    print_answer(rows, "\n".join("\t".join(map(str, row.values())) for row in rows), as_json)


@assets.command("qr")
def print_stickers(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page, to be printed on A4.")],
    kind: Kind = "",
    code: Annotated[
        list[str] | None, typer.Option("--code", metavar="NUMBER", help="This one; may be repeated.")
    ] = None,
) -> None:
    """Write a page of stickers. The QR code of each opens the report form with the thing filled in."""
    from civic.catalogue.queries import list_assets
    from civic.catalogue.stickers import draw_stickers
    from civic.city.queries import city
    from civic.i18n import pick, use_language

    async def work(config: Config) -> int:
        if not config.site.url:
            raise SetupError("site.url is not set: the codes have to say where the city's pages are.")
        view = await city()
        found = [one for one in await list_assets(kind) if not code or one.code in code]
        missing = set(code or ()) - {one.code for one in found}
        if missing or not found:
            named = ", ".join(sorted(missing)) or kind or "any kind"
            raise Invalid(f"There is nothing for {named}: `civic assets list` shows what there is.")
        with use_language(view.languages[0]):
            page = draw_stickers(found, config.site.url.rstrip("/"), pick(view.names), view.languages[0])
        try:
            out.write_text(page, "utf-8")
        except OSError as error:
            raise SetupError(f"{out} cannot be written: {error.strerror}.") from error
        return len(found)

    count = run_with_database(work)
    typer.echo(f"{count} stickers in {out}")
