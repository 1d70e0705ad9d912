"""Plus codes (Open Location Code 1.0): short names of squares on the earth, as maps on phones give them."""

import re
from collections.abc import Iterator

DIGITS = "23456789CFGHJMPQRVWX"
SEPARATOR_PLACE = 8  # digits before the plus of a full code; a short one lacks some at its beginning
PAIR_DIGITS, GRID_ROWS, GRID_COLUMNS = 10, 5, 4  # ten digits name latitude and longitude in turn, further ones a cell
CODE = re.compile(rf"(?<![A-Z0-9])((?:[{DIGITS}]{{2}}){{1,4}})\+([{DIGITS}]{{2,5}})(?![A-Z0-9])")

LatLonPair = tuple[float, float]


def find_codes(text: str, reference: LatLonPair) -> Iterator[LatLonPair]:
    """The middles of the squares that a text names, in degrees; short codes mean the nearest one to `reference`.

    A code names a square of 14 metres at most; those of whole streets are passed over.
    """
    for match in CODE.finditer(text.upper()):
        before, after = match.groups()
        lat, lon = decode(_prefix(reference, SEPARATOR_PLACE - len(before)) + before + after)
        if len(before) == SEPARATOR_PLACE:
            yield lat, lon
        else:
            side = 20.0 ** (2 - (SEPARATOR_PLACE - len(before)) / 2)
            yield _nearest(lat, reference[0], side, 90), _nearest(lon, reference[1], side, 180)


def decode(digits: str) -> LatLonPair:
    """The middle of the square of a full code without its plus: ten digits or more."""
    south, west, side = -90.0, -180.0, 20.0
    for high, wide in zip(digits[:PAIR_DIGITS:2], digits[1:PAIR_DIGITS:2], strict=True):
        south += DIGITS.index(high) * side
        west += DIGITS.index(wide) * side
        side /= 20
    height = width = side * 20
    for digit in digits[PAIR_DIGITS:]:
        height, width = height / GRID_ROWS, width / GRID_COLUMNS
        row, column = divmod(DIGITS.index(digit), GRID_COLUMNS)
        south, west = south + row * height, west + column * width
    return south + height / 2, west + width / 2


def _prefix(reference: LatLonPair, count: int) -> str:
    """The first digits of the code of a position."""
    north, east, side, found = min(reference[0] + 90, 179.999999), (reference[1] + 180) % 360, 20.0, ""
    while len(found) < count:
        found += DIGITS[int(north // side)] + DIGITS[int(east // side)]
        north, east, side = north % side, east % side, side / 20
    return found


def _nearest(degrees: float, reference: float, side: float, limit: float) -> float:
    """One of the places that lie `side` degrees apart: the one nearest to the reference."""
    if reference + side / 2 < degrees and degrees - side >= -limit:
        return degrees - side
    if reference - side / 2 > degrees and degrees + side <= limit:
        return degrees + side
    return degrees
