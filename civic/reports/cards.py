"""The card of a report: a picture for those with whom its link is shared. Takes the processor: not in the loop."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from civic.fonts import can_write, load_font
from civic.geo.areas import Areas
from civic.geo.base_map import BaseMap
from civic.geo.pictures import LOOKS, Pin, View, draw_map

WIDTH, HEIGHT = 1200, 630  # what most services show uncut
MARGIN, PHOTO_WIDTH, MAP_HEIGHT = 40, 600, 230
PAPER, INK, SOFT = "#fbfaf7", "#1b2226", "#566067"
TITLE_LINES = 4
JPEG_QUALITY = 82


@dataclass(frozen=True)
class CardFacts:
    """What a card tells, all of it public; `photo` is the photo's name, "" for none."""

    city: str
    title: str
    status: str
    look: str
    place: str
    lat: float
    lon: float
    photo: str
    base: str  # the version of the base map


def draw_card(facts: CardFacts, photo: bytes | None, base: BaseMap | None, areas: Areas) -> bytes:
    """The card as JPEG. Words for which the system has no letters are left out: a row of boxes says nothing."""
    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    left = MARGIN
    if photo is not None:
        with Image.open(BytesIO(photo)) as opened:
            card.paste(ImageOps.fit(opened.convert("RGB"), (PHOTO_WIDTH, HEIGHT)), (0, 0))
        left += PHOTO_WIDTH
    width = WIDTH - left - MARGIN
    view = View(facts.lat, facts.lon, 15, width, MAP_HEIGHT)
    card.paste(
        draw_map(view, [Pin(facts.lat, facts.lon, facts.look)], base, areas), (left, HEIGHT - MAP_HEIGHT - MARGIN)
    )
    draw = ImageDraw.Draw(card)
    y = _write(draw, (left, MARGIN), facts.city, 28, SOFT, width, 1) + 12
    y = _write_status(draw, (left, y), facts) + 18
    y = _write(draw, (left, y), facts.title, 42, INK, width, TITLE_LINES if not facts.place else TITLE_LINES - 1) + 8
    _write(draw, (left, y), facts.place, 26, SOFT, width, 1)
    file = BytesIO()
    card.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def _write_status(draw: ImageDraw.ImageDraw, at: tuple[int, int], facts: CardFacts) -> int:
    if not can_write(facts.status):
        return at[1]
    font = load_font(28)
    x, y = at
    wide = draw.textlength(facts.status, font=font)
    draw.rounded_rectangle((x, y, x + wide + 36, y + 48), 24, fill=LOOKS.get(facts.look, LOOKS[""]))
    draw.text((x + 18, y + 24), facts.status, fill="#ffffff", font=font, anchor="lm")
    return y + 48


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, fill: str, width: int, most: int
) -> int:
    """Write a text in lines as long as `width`, at most so many; where it ends below."""
    x, y = at
    if not can_write(text):
        return y
    font = load_font(size)
    for line in wrap(text, lambda part: draw.textlength(part, font=font) <= width, most):
        draw.text((x, y), line, fill=fill, font=font)
        y += round(size * 1.35)
    return y


def wrap(text: str, fits: Callable[[str], bool], most: int) -> list[str]:
    """Break a text into at most so many lines that fit: between words, in Chinese anywhere; "…" ends a cut one."""
    lines, line = [], ""
    for part in _parts(text):
        if fits(line + part.rstrip()):
            line += part
            continue
        if line:
            lines.append(line.rstrip())
        line = part.lstrip()
        while line and not fits(line):  # one long word
            kept = next((n for n in range(len(line) - 1, 0, -1) if fits(line[:n])), 1)
            lines.append(line[:kept])
            line = line[kept:]
    lines += [line.rstrip()] if line.strip() else []
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and not fits(last + "…"):
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def _parts(text: str) -> list[str]:
    """What a line may end behind: a word with its space, a letter of Chinese with the mark that follows it."""
    parts: list[str] = []
    for letter in " ".join(text.split()):
        wide = ord(letter) >= 0x2E80
        mark = letter in "，。！？；：、）》”’」』】…,.!?;:)"
        if parts and (mark or (not wide and not parts[-1].endswith(" ") and not _is_wide(parts[-1]))):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _is_wide(part: str) -> bool:
    return ord(part[0]) >= 0x2E80
