"""Pictures made on the spot, good and hostile."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

# What none of our files may contain: the marks of EXIF, XMP, ICC profiles, Photoshop blocks and PNG text.


def scene(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Four quarters of different colours, so that every turn and mirroring can be told from the others."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2), fill="lime")
    draw.rectangle((0, height // 2, width // 2, height), fill="blue")
    draw.rectangle((width // 2, height // 2, width, height), fill="yellow")
    return image.convert(mode)


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def colours(webp: bytes) -> list[str]:
    """The names of the four quarters' colours, row by row."""
    image = Image.open(BytesIO(webp)).convert("RGB")
    width, height = image.size
    named = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
    found = []
    for y in (height // 4, height * 3 // 4):
        for x in (width // 4, width * 3 // 4):
            pixel = image.getpixel((x, y))
            assert isinstance(pixel, tuple)
            distance = {n: sum(abs(a - b) for a, b in zip(c, pixel, strict=True)) for n, c in named.items()}
            found.append(min(distance, key=distance.__getitem__))
    return found


def with_gps(lat: Any, lon: Any, lat_ref: str = "N", lon_ref: str = "E", taken: str = "", offset: str = "") -> bytes:
    """A JPEG with these parts of EXIF; `lat` and `lon` as EXIF has them: three numbers each."""
    exif = Image.Exif()
    exif[0x8825] = {1: lat_ref, 2: lat, 3: lon_ref, 4: lon}
    exif[0x8769] = {0x9003: taken, 0x9011: offset}
    return encoded(scene(), exif=exif)


def png(width: int, height: int, *chunks: tuple[bytes, bytes], pixels: bytes = b"") -> bytes:
    """A PNG (8 bits grey) whose header says what we like, with extra chunks before the pixels."""
    header = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    all_chunks = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in all_chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def assert_clean(data: bytes) -> None:
    """Pixels and nothing else."""
    image = Image.open(BytesIO(data))
    assert image.mode == "RGB"
    assert not image.getexif()
    # Not by looking for the marks of metadata: pixels hold three letters of one by chance.
    if image.format == "JPEG":
        assert set(image.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert set(_segments(data)) == {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}  # JFIF, tables, size, tables, pixels
        assert data.endswith(b"\xff\xd9")
        return
    assert image.format == "WEBP"
    assert not set(image.info) - {"loop", "background"}
    chunks, at = [], 12
    while at < len(data):
        chunks.append(data[at : at + 4])
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    assert (chunks, at) == ([b"VP8 "], len(data))


def _segments(jpeg: bytes) -> list[int]:
    """The marks of a JPEG's segments, up to its pixels."""
    marks, at = [], 2
    while 0xDA not in marks:
        marks.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return marks
