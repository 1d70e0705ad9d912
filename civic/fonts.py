"""The font that pictures are written with: one of the system that has the letters of the city's languages."""

from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
# Beginnings of file names, the best first: with Chinese letters, which have the Latin ones too, and without.
CHINESE = ("NotoSansCJK-Regular", "NotoSansSC-Regular", "SourceHanSansSC-Regular", "wqy-microhei", "wqy-zenhei",
           "DroidSansFallback", "PingFang", "msyh", "STHeiti Medium", "simhei")  # fmt: skip
LATIN = ("NotoSans-Regular", "DejaVuSans.", "LiberationSans-Regular", "Arial.", "arial.")


@cache
def find_font(*, chinese: bool) -> Path | None:
    """The file of a font of the system; None where there is none that has Chinese letters, or none at all."""
    files = [path for folder in FOLDERS for path in _font_files(Path(folder).expanduser())]
    for beginning in CHINESE if chinese else (*LATIN, *CHINESE):
        for path in files:
            if path.name.startswith(beginning):
                return path
    return None


def _font_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ttf", ".ttc", ".otf"))


def can_write(text: str) -> bool:
    """Whether there is a font for a text: what is beyond Latin, Greek and Cyrillic needs one with Chinese letters."""
    return all(ord(letter) < 0x2000 or ord(letter) in range(0x2000, 0x2100) for letter in text) or bool(
        find_font(chinese=True)
    )


@lru_cache(maxsize=64)
def load_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of pictures at a size in pixels; where there is no other, that of Pillow, which has no Chinese."""
    path = find_font(chinese=True) or find_font(chinese=False)
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
