"""Stickers for numbered things: a QR code that opens the report form, filled in. A page to print on A4 labels."""

import html
from collections.abc import Sequence
from urllib.parse import quote

import segno

from civic.catalogue.queries import NearAsset
from civic.i18n import gettext as _

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 10mm; }}
body {{ font: 11pt sans-serif; margin: 0; display: grid; grid-template-columns: repeat(3, 1fr); gap: 4mm; }}
div {{ border: 0.2mm solid; border-radius: 2mm; padding: 3mm; text-align: center; break-inside: avoid; }}
svg {{ width: 34mm; height: 34mm; }}
p {{ margin: 1mm 0 0; }}
</style>
</head>
<body>
{stickers}
</body>
</html>
"""
STICKER = "<div>{code}<p><b>{number}</b></p><p>{words}</p></div>"


def asset_path(kind: str, code: str) -> str:
    """The address on the sticker of a thing."""
    return f"/a/{quote(kind, safe='=')}/{quote(code, safe='')}"


def _draw_code(address: str) -> str:
    """An SVG as large as its place, that is still read when a quarter of it is scratched."""
    return segno.make(address, error="q", micro=False).svg_inline(omitsize=True)


def draw_stickers(assets: Sequence[NearAsset], site: str, city: str, language: str) -> str:
    """The page with a sticker for each thing. `site` is where the city's pages are: "https://city.example"."""
    words = html.escape(_("Something wrong? Scan and report."))
    stickers = [
        STICKER.format(
            code=_draw_code(site + asset_path(one.kind, one.code)),
            number=html.escape(one.code),
            words=words,
        )
        for one in assets
    ]
    return PAGE.format(language=language, title=html.escape(city), stickers="\n".join(stickers))
