"""Photos of real cameras and phones, and files that have crashed other decoders: each through the real processes."""

import asyncio
import csv
from collections import Counter
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from civic.media.decoder import Decoder
from civic.media.decoding import Decoded
from civic.media.errors import PhotoRefused
from tests.media.pictures import assert_clean

Outcome = Decoded | str
HEIF = find_spec("pillow_heif") is not None


async def outcome(decoder: Decoder, data: bytes) -> Outcome:
    try:
        return await decoder.process(data)
    except PhotoRefused as refused:
        return refused.reason


@pytest.fixture
async def outcomes(decoder: Decoder, samples: list[Path]) -> dict[Path, Outcome]:
    found = await asyncio.gather(*(outcome(decoder, path.read_bytes()) for path in samples))
    return dict(zip(samples, found, strict=True))


def manifest(data: Path) -> dict[Path, dict[str, str]]:
    rows = {}
    for folder in (data / "images-exif", data / "images-heif-fuzz"):
        with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            rows |= {folder / row["path"]: row for row in csv.DictReader(file)}
    return rows


async def test_every_sample(outcomes: dict[Path, Outcome], decoder: Decoder, data: Path) -> None:
    known = manifest(data)
    for path, found in outcomes.items():
        row = known.get(path, {})
        if isinstance(found, Decoded):
            for variant in found.variants.values():
                assert_clean(variant.data)
        if row:
            _compare(row, found)
    reasons = Counter(found for found in outcomes.values() if isinstance(found, str))
    assert set(reasons) <= {"not_a_photo", "damaged", "too_many_pixels", "heic"}
    assert len(decoder._all) <= 2


def _compare(row: dict[str, str], found: Outcome) -> None:
    kind = row["magic"]
    if kind in ("jpeg", "png", "webp", "isobmff:avif") and row["pil"] == "ok":
        assert isinstance(found, Decoded), row["path"]
    elif kind == "tiff":
        assert found == "not_a_photo", row["path"]
    elif row["pil"] != "ok":
        assert isinstance(found, str), row["path"]
    if isinstance(found, Decoded):
        _compare_facts(row, found)


def _compare_facts(row: dict[str, str], found: Decoded) -> None:
    if row["gps_lat"] and not row["gps_lat"].startswith("ERR"):
        assert found.gps is not None, row["path"]
        assert found.gps == pytest.approx((float(row["gps_lat"]), float(row["gps_lon"])), abs=2e-6), row["path"]
    else:
        assert found.gps is None, row["path"]
    size = [int(n) for n in row["size"].split("x")]
    if found.format != "HEIF" and row["orientation"] in ("5", "6", "7", "8"):
        size.reverse()
    assert [found.width, found.height] == size, row["path"]


@pytest.mark.skipif(not HEIF, reason="the extra that reads HEIC (heif) is not installed")
async def test_heic_of_a_phone(outcomes: dict[Path, Outcome]) -> None:
    found = next(found for path, found in outcomes.items() if path.name == "IMG_5195.HEIC")
    assert isinstance(found, Decoded)
    assert (found.format, found.width, found.height) == ("HEIF", 2566, 3313)


@pytest.mark.parametrize("kind", ["landscape", "portrait"])
async def test_all_orientations_come_out_alike(kind: str, samples: list[Path], decoder: Decoder) -> None:
    found = {}
    for path in samples:
        if path.parent.name == "orientation" and path.name.startswith(kind):
            read = await decoder.process(path.read_bytes())
            found[path.name] = Image.open(BytesIO(read.variants[320].data)).convert("RGB")
    assert len(found) >= 6
    first = found[f"{kind}_1.jpg"]
    for name, image in found.items():
        assert image.size == first.size, name
        # each carries its own number, small in the middle; a wrong turn differs by 50 and more
        assert sum(ImageStat.Stat(ImageChops.difference(first, image)).mean) / 3 < 12, name
