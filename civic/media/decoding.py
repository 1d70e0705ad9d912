"""From the bytes of an upload to three clean files, the place and the time. Pure: no store, no database.

Meant to run in the confined process of `sandbox.py`, so it imports Pillow and nothing of the house.
"""

import importlib.util
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from io import BytesIO
from typing import Any, Literal, NamedTuple, TypeVar

from PIL import AvifImagePlugin, ExifTags, Image, ImageCms

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MIN_SIDE_PIXELS = 16  # pixels; less than this shows nothing
EDGE_PIXELS = (320, 800, 1600)
# The sizes that pages load are small files; the largest, which a tap opens, takes a tenth of the time to write
# (docs/decisions/0091-sizes-of-photos.md).
JPEG_EDGE = 1600
QUALITY = 80
WEBP_METHOD = 2  # how long the encoder looks for a smaller file, 0 to 6
JPEG_END_MARK, FILLER_BYTES = b"\xff\xd9", 256

Reason = Literal["too_large", "too_many_pixels", "too_small", "not_a_photo", "heic", "damaged", "too_slow"]

# One decoding thread: the processes are what runs in parallel, and each thread takes address space.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_T = TypeVar("_T")
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of the words for the points of the compass in which editors of photos are known to write a hemisphere.
HEMISPHERE_BEGINNINGS = {
    "N": ("nor", "北"),
    "S": ("sou", "sud", "sü", "sur", "南"),
    "E": ("eas", "est", "ost", "oos", "东", "東"),
    "W": ("wes", "oue", "oes", "ove", "西"),
}


class Refusal(Exception):
    """This file does not become a photo. `reason` is one of Reason."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


class GPS(NamedTuple):
    """WGS-84 degrees."""

    lat: float
    lon: float


class Variant(NamedTuple):
    width: int
    height: int
    data: bytes  # WebP, or JPEG at JPEG_EDGE, without any metadata


@dataclass(frozen=True)
class Decoded:
    """`width` and `height` are those of the upright original; `variants` by edge.

    `taken_at` is what the camera's clock said: without a zone unless the camera wrote one.
    """

    format: str
    width: int
    height: int
    variants: dict[int, Variant]
    gps: GPS | None
    taken_at: datetime | None


def read_photo(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Check, orient, convert to sRGB and scale one photo; of an animation, its first frame.

    The type is taken from the content. A truncated file is refused (half a photo is no evidence of anything),
    a JPEG that lacks nothing but its end mark is not, and broken metadata only costs the metadata. Raises Refusal.
    """
    if len(data) > max_bytes:
        raise Refusal("too_large")
    kind = kind_of(data)
    if kind == "HEIF" and not can_read_heif():
        raise Refusal("heic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on broken metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _read(data, kind, max_pixels)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Refusal("too_many_pixels") from None
        except MemoryError:
            raise Refusal("damaged") from None  # what fits into max_pixels fits into the sandbox's memory
        except Refusal:
            raise
        except Exception as error:  # a parser met a hostile file: Pillow's raise anything from KeyError to struct.error
            raise Refusal("damaged") from error


def kind_of(data: bytes) -> str:
    """JPEG, PNG, WEBP, AVIF or HEIF, by the first bytes. Raises Refusal("not_a_photo")."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
    raise Refusal("not_a_photo")


@cache
def has_heif() -> bool:
    """Whether HEIC can be read: the extra `heif` is installed (not a dependency: its wheel is GPLv2)."""
    return importlib.util.find_spec("pillow_heif") is not None


@cache
def can_read_heif() -> bool:
    """The same, in the process that decodes."""
    if not has_heif():
        return False
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    return True


def _read(data: bytes, kind: str, max_pixels: int) -> Decoded:
    # Pillow looks at this as soon as it knows the size, which for WebP is before it allocates the canvas.
    Image.MAX_IMAGE_PIXELS = max_pixels
    image, (width, height) = _load(data, kind, max_pixels)
    with image:
        orientation = _or_none(lambda: image.getexif()[ExifTags.Base.Orientation])
        largest = _largest(image, (width, height))
        if orientation in _UPRIGHT:
            largest = largest.transpose(_UPRIGHT[orientation])
        if orientation in (5, 6, 7, 8):
            width, height = height, width
        return Decoded(
            kind,
            width,
            height,
            _variants(largest),
            _or_none(lambda: _gps(image)),
            _or_none(lambda: _taken(image)),
        )


def _load(data: bytes, kind: str, max_pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    """The decoded picture, for a large JPEG halved by the decoder itself, and its full size."""
    try:
        return _load_whole(data, kind, max_pixels)
    except OSError:
        if kind != "JPEG":
            raise
        return _load_without_end_mark(data.rstrip(b"\xff"), max_pixels)


def _load_without_end_mark(data: bytes, max_pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    """A JPEG that was written, or sent, without its last two bytes. Raises OSError for one that lacks more.

    A decoder that has read every block passes over what stands before the end mark. One that has not takes it for
    blocks, and another picture comes out.
    """
    image, size = _load_whole(data + JPEG_END_MARK, "JPEG", max_pixels)
    for filler in (b"\x55", b"\xaa"):
        other, _size = _load_whole(data + FILLER_BYTES * filler + JPEG_END_MARK, "JPEG", max_pixels)
        with other:
            if image.tobytes() != other.tobytes():
                raise OSError("part of the picture is missing")
    return image, size


def _load_whole(data: bytes, kind: str, max_pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    image = Image.open(BytesIO(data), formats=[kind])
    width, height = image.size
    if width * height > max_pixels:
        raise Refusal("too_many_pixels")
    if min(width, height) < MIN_SIDE_PIXELS:
        raise Refusal("too_small")
    image.draft(None, _fit(image.size, EDGE_PIXELS[-1]))  # JPEG: let the decoder itself halve it, once or twice
    image.load()
    return image, (width, height)


def _largest(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in sRGB, opaque, at the largest edge. `size` is the original's, before a JPEG draft."""
    profile = image.info.get("icc_profile")
    flat = _flat(image)
    small = flat.resize(_fit(size, EDGE_PIXELS[-1]), Image.Resampling.BICUBIC, reducing_gap=3.0)
    rgb = _srgb(small, profile) if profile else small.convert("RGB")
    rgb.info.clear()
    return rgb


def _flat(image: Image.Image) -> Image.Image:
    """L, RGB or CMYK: 16 bits become 8, palettes colours, and what is transparent becomes white."""
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)  # a 16-bit value, which 8 bits do not have
        return image.point(lambda v: v * (1 / 256) + 0).convert("L")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        converted = None  # broken, or of another colour space than the pixels: then they are what they look like
    return converted or image.convert("RGB")


def _variants(largest: Image.Image) -> dict[int, Variant]:
    """By edge, each made of the next larger one; a photo smaller than an edge keeps its size there."""
    made: dict[tuple[str, tuple[int, int]], Variant] = {}
    image = largest
    for edge in reversed(EDGE_PIXELS):
        size = _fit(largest.size, edge)
        if (ending_of(edge), size) not in made:
            image = image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
            made[ending_of(edge), size] = Variant(*size, _encode(image, edge))
    return {edge: made[ending_of(edge), _fit(largest.size, edge)] for edge in EDGE_PIXELS}


def ending_of(edge: int) -> str:
    """How the name of a file of this edge ends: "jpg" or "webp"."""
    return "jpg" if edge == JPEG_EDGE else "webp"


def is_written_as(edge: int, data: bytes) -> bool:
    """Whether the first bytes are those of the kind in which this edge is written."""
    return data[:3] == b"\xff\xd8\xff" if edge == JPEG_EDGE else data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _encode(image: Image.Image, edge: int) -> bytes:
    file = BytesIO()
    if edge == JPEG_EDGE:
        image.save(file, "JPEG", quality=QUALITY, exif=b"")
    else:
        image.save(file, "WEBP", quality=QUALITY, method=WEBP_METHOD, exif=b"", icc_profile=b"", xmp=b"")
    return file.getvalue()


def _fit(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """`size` scaled so that its longest side is at most `edge`; never larger, never below one pixel."""
    scale = min(1.0, edge / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _or_none(read: Callable[[], _T]) -> _T | None:
    """What `read` finds in the metadata; None where it is absent or so broken that Pillow fails on it."""
    try:
        return read()
    except Exception:  # cameras and editors write anything; a photo with broken metadata is still a photo
        return None


def _gps(image: Image.Image) -> GPS | None:
    block = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(block[2], block[1], "N", "S")
    lon = _degrees(block[4], block[3], "E", "W")
    return position(lat, lon)


def position(lat: float, lon: float) -> GPS | None:
    """None if it cannot be true: not finite, out of range, or with the 0 that a camera without a (whole) fix writes."""
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    if round(lat, 5) == 0 or round(lon, 5) == 0:
        return None
    return GPS(lat, lon)


def _degrees(parts: Any, hemisphere: str | bytes, positive: str, negative: str) -> float:
    """Degrees, minutes and seconds (numbers at least 0; the last two may be missing). Raises ValueError."""
    letter = _hemisphere(hemisphere)
    if letter not in (positive, negative):
        raise ValueError("no hemisphere")  # half of the guesses would be on the other side of the earth
    numbers = [float(p) for p in (parts if isinstance(parts, tuple) else (parts,))]
    # Cameras that write decimal minutes leave the seconds undefined, 0/0.
    numbers[1:] = [0.0 if math.isnan(n) else n for n in numbers[1:]]
    if not 1 <= len(numbers) <= 3 or any(n < 0 for n in numbers):
        raise ValueError("not degrees, minutes, seconds")
    value: float = sum(n / 60.0**i for i, n in enumerate(numbers))
    return -value if letter == negative else value


def _hemisphere(written: str | bytes) -> str:
    """N, S, E or W, as the standard has it, for the words that editors write; "" for anything else."""
    raw = written if isinstance(written, bytes) else written.encode("latin-1")
    word = raw.decode("utf-8").strip("\0 .").casefold()
    for letter, beginnings in HEMISPHERE_BEGINNINGS.items():
        if word == letter.casefold() or word.startswith(beginnings):
            return letter
    return ""


def _taken(image: Image.Image) -> datetime | None:
    """DateTimeOriginal, else DateTimeDigitized, with its offset from UTC where one is written (Exif 2.31)."""
    block = image.getexif().get_ifd(ExifTags.IFD.Exif)
    for time, offset in ((0x9003, 0x9011), (0x9004, 0x9012)):
        text = str(block.get(time, "")).strip("\0 ")
        if text:
            taken = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (cameras seldom know)
            return taken.replace(tzinfo=_or_none(partial(_zone, block.get(offset))))
    return None


def _zone(text: Any) -> timezone:
    """The zone that "+08:00" says. Raises ValueError."""
    sign, hours, minutes = text[0], int(text[1:3]), int(text[4:6])
    if sign not in "+-":
        raise ValueError("no offset")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if sign == "-" else delta)
