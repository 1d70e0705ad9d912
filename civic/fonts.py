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
TRIED_PX, NO_LETTER, MAX_FACES = 24, "\uffff", 40


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
    """Whether the font of pictures has every letter of a text."""
    return all(_has_letter(letter) for letter in set(text) if not letter.isspace())


@lru_cache(maxsize=20_000)
def _has_letter(letter: str) -> bool:
    """Whether the font has a letter, and not the box that stands for what it lacks."""
    if letter.isascii():
        return True
    font = load_font(TRIED_PX)
    return bytes(font.getmask(letter)) != bytes(font.getmask(NO_LETTER))


@lru_cache(maxsize=64)
def load_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of pictures at a size in pixels; where there is no other, that of Pillow, which has no Chinese."""
    path = find_font(chinese=True) or find_font(chinese=False)
    return ImageFont.truetype(path, size, index=_find_face(path)) if path else ImageFont.load_default(size)


@cache
def _find_face(path: Path) -> int:
    """Which face of a collection writes Chinese as in China: the same letter has other forms in Japan and Korea."""
    if path.suffix.lower() != ".ttc":
        return 0
    for index in range(MAX_FACES):
        try:
            family = ImageFont.truetype(path, TRIED_PX, index=index).getname()[0] or ""
        except OSError:  # no more faces
            return 0
        if family.endswith(" SC"):
            return index
    return 0
