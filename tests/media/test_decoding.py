"""One photo, read in this process: what is kept, what is dropped, what is refused."""

import math
import os
import struct
import zipfile
import zlib
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from civic.media.decoding import GPS, Refusal, position, read_photo
from tests.media.pictures import assert_clean, colours, encoded, png, scene, with_gps

FIELD = Path(__file__).parent / "field"  # made by hand, as cameras in the field write them
UPRIGHT = ["red", "lime", "blue", "yellow"]


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(Refusal) as refusal:
        read_photo(data, **limits)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "P", {"transparency": 0}),
        ("PNG", "LA", {}),
        ("PNG", "1", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("AVIF", "RGB", {}),
        ("AVIF", "RGBA", {}),
    ],
)
def test_every_format_and_mode_becomes_three_opaque_files(form: str, mode: str, options: dict[str, object]) -> None:
    read = read_photo(encoded(scene(2000, 1500, mode), form, **options))
    assert (read.format, read.width, read.height) == (form, 2000, 1500)
    assert {e: (v.width, v.height) for e, v in read.variants.items()} == {
        320: (320, 240),
        800: (800, 600),
        1600: (1600, 1200),
    }
    for variant in read.variants.values():
        assert_clean(variant.data)
        assert Image.open(BytesIO(variant.data)).size == (variant.width, variant.height)
        if mode in ("RGB", "RGBA", "CMYK"):
            assert colours(variant.data) == UPRIGHT


def test_sixteen_bits_keep_their_shades() -> None:
    rows = [struct.pack("<64H", *(x * 1024 for x in range(64)))] * 32
    grey = Image.frombytes("I;16", (64, 32), b"".join(rows))
    shown = Image.open(BytesIO(read_photo(encoded(grey, "PNG")).variants[320].data)).convert("L")
    for x in (4, 20, 40, 60):
        shade = shown.getpixel((x, 16))
        assert isinstance(shade, int)
        assert abs(shade - x * 4) <= 8


def test_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    shown = Image.open(BytesIO(read_photo(encoded(clear, "PNG")).variants[320].data))
    assert shown.getpixel((32, 32)) == (255, 255, 255)
    palette = Image.new("P", (64, 64), 0)
    shown = Image.open(BytesIO(read_photo(encoded(palette, "PNG", transparency=0)).variants[320].data))
    assert shown.getpixel((32, 32)) == (255, 255, 255)


def test_small_photos_are_not_enlarged() -> None:
    read = read_photo(encoded(scene(500, 100)))
    assert [(v.width, v.height) for v in read.variants.values()] == [(320, 64), (500, 100), (500, 100)]
    kinds = [Image.open(BytesIO(v.data)).format for v in read.variants.values()]
    assert kinds == ["WEBP", "WEBP", "JPEG"]


def test_a_strip_keeps_at_least_a_pixel() -> None:
    read = read_photo(encoded(scene(16, 20000), "PNG"))
    assert [(v.width, v.height) for v in read.variants.values()] == [(1, 320), (1, 800), (1, 1600)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(form: str, orientation: int) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = scene(640, 480)
    stored = image.transpose(back[orientation]) if orientation > 1 else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_photo(encoded(stored, form, exif=exif))
    assert (read.width, read.height) == (640, 480)
    assert colours(read.variants[800].data) == UPRIGHT


def test_animations_show_their_first_frame() -> None:
    frames = [scene(), scene().transpose(Image.Transpose.ROTATE_180)]
    for form in ("PNG", "WEBP", "AVIF"):
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:] * 20, duration=50)
        read = read_photo(data)
        assert colours(read.variants[800].data) == UPRIGHT
        assert_clean(read.variants[800].data)


# --- metadata -------------------------------------------------------------------------------------------------------


def test_no_metadata_of_any_kind_gets_through() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif[0x8825] = {1: "N", 2: (31.0, 14.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)}
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET http://ns.adobe.com/xap/1.0/</x:xmpmeta>'
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET")
    text.add_text("Long", "SECRET", zip=True)
    text.add_itxt("XML:com.adobe.xmp", "SECRET")
    options = {"exif": exif, "icc_profile": icc}
    uploads = [
        encoded(scene(), "JPEG", comment="SECRET", xmp=xmp, **options),
        encoded(scene(), "PNG", pnginfo=text, **options),
        encoded(scene(), "WEBP", xmp=xmp, **options),
        encoded(scene(), "AVIF", xmp=xmp, **options),
    ]
    for upload in uploads:
        read = read_photo(upload)
        assert read.gps is not None
        for variant in read.variants.values():
            assert_clean(variant.data)
            assert b"SECRET" not in variant.data


def test_what_follows_the_photo_is_dropped() -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("evil.html", "<script>SECRET</script>")
    read = read_photo(encoded(scene()) + archive.getvalue())
    assert all(b"SECRET" not in v.data and b"evil" not in v.data for v in read.variants.values())


def test_colours_are_converted_from_the_profile() -> None:
    """A profile that swaps red and green on the way, as a camera's wide gamut would shift them less visibly."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = srgb.index(b"rXYZ"), srgb.index(b"gXYZ")
    srgb[red : red + 4], srgb[green : green + 4] = b"gXYZ", b"rXYZ"
    read = read_photo(encoded(scene(), "PNG", icc_profile=bytes(srgb)))
    assert colours(read.variants[800].data)[:2] == ["lime", "red"]


@pytest.mark.parametrize("profile", [b"", b"nonsense", b"\0" * 200, os.urandom(70_000)])
def test_a_broken_profile_costs_nothing(profile: bytes) -> None:
    read = read_photo(encoded(scene(), icc_profile=profile))
    assert colours(read.variants[800].data) == UPRIGHT


def test_a_profile_of_another_colour_space_is_ignored() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert colours(read_photo(encoded(scene(), icc_profile=lab)).variants[800].data) == UPRIGHT


def test_position_and_time_are_read() -> None:
    data = with_gps((31.0, 14.0, 10.5), (121.0, 28.0, 30.0), taken="2026:03:08 09:05:00", offset="+08:00")
    read = read_photo(data)
    assert read.gps is not None
    assert read.gps == pytest.approx((31 + 14 / 60 + 10.5 / 3600, 121 + 28.5 / 60), abs=1e-6)
    assert read.taken_at == datetime(2026, 3, 8, 9, 5, tzinfo=timezone(timedelta(hours=8)))
    south_west = read_photo(with_gps((33.0, 0.0, 0.0), (70.0, 30.0, 0.0), "S", "W"))
    assert south_west.gps == (-33, -70.5)


def test_a_camera_that_does_not_know_its_zone() -> None:
    read = read_photo(with_gps((31.0, 0.0, 0.0), (121.0, 0.0, 0.0), taken="2026:03:08 09:05:00"))
    assert read.taken_at == datetime(2026, 3, 8, 9, 5)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("lat", "lon", "refs"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "NE"),
        ((91.0, 0.0, 0.0), (10.0, 0.0, 0.0), "NE"),
        ((10.0, 0.0, 0.0), (181.0, 0.0, 0.0), "NE"),
        ((10.0, 0.0, 0.0), (20.0, 0.0, 0.0), "XE"),
        ((10.0, 0.0, 0.0), (20.0, 0.0, 0.0), "N "),
        ((10.0, 0.0, 0.0, 1.0), (20.0, 0.0, 0.0), "NE"),
    ],
)
def test_positions_that_cannot_be_true(lat: object, lon: object, refs: str) -> None:
    read = read_photo(with_gps(lat, lon, refs[0], refs[1], taken="yesterday"))
    assert read.gps is None
    assert read.taken_at is None


def test_position_refuses_what_is_no_number() -> None:
    assert position(math.nan, 1) is None
    assert position(1, math.inf) is None
    assert position(1e-7, -1e-7) is None
    assert position(-90, 180) == GPS(-90, 180)


def test_half_a_fix_is_no_position() -> None:
    """A camera that knows one coordinate writes 0 for the other."""
    assert position(0, 118.0) is None
    assert position(31.2, 0.000001) is None
    assert position(0.001, -0.001) == GPS(0.001, -0.001)
    assert read_photo(with_gps((0.0, 0.0, 0.0), (118.0, 1.0, 11.0))).gps is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a01-gps-seconds-0-0", (31.18197, 118.01978)),
        ("a02-gps-half-a-fix-lat-0", None),
        ("a03-gps-ref-words", (31.18197, 118.01978)),
        ("a05-photo-from-another-city", (40.0, 116.3)),
    ],
)
def test_positions_as_real_cameras_write_them(name: str, found: tuple[float, float] | None) -> None:
    read = read_photo((FIELD / f"{name}.jpg").read_bytes())
    assert read.gps == (found and pytest.approx(found, abs=2e-5))


@pytest.mark.parametrize(
    ("refs", "found"),
    [
        (("north", "EAST"), (31.5, 118.25)),
        (("South latitude", "West longitude"), (-31.5, -118.25)),
        (("Nord", "Ost"), (31.5, 118.25)),
        (("Sud", "Ouest"), (-31.5, -118.25)),
        (("Süd".encode(), "Oeste"), (-31.5, -118.25)),
        (("北纬".encode(), "东经".encode()), (31.5, 118.25)),
        (("n", "e"), (31.5, 118.25)),
        (("latitude", "E"), None),
        (("East", "North"), None),  # the two exchanged: nobody knows which is which
    ],
)
def test_hemispheres_written_as_words(refs: tuple[Any, Any], found: tuple[float, float] | None) -> None:
    assert read_photo(with_gps((31.0, 30.0, 0.0), (118.0, 15.0, 0.0), *refs)).gps == found


@pytest.mark.parametrize("missing", [(31.0,), (31.0, 30.0), 31.5])
def test_smaller_parts_may_be_missing(missing: Any) -> None:
    lat = 31.0 if missing == (31.0,) else 31.5
    assert read_photo(with_gps(missing, (118.0, 15.0))).gps == (lat, 118.25)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_broken_exif_never_breaks_the_photo(noise: bytes) -> None:
    good = encoded(scene(64, 64))
    exif = b"Exif\0\0II*\0\x08\0\0\0" + noise
    data = good[:2] + b"\xff\xe1" + struct.pack("!H", len(exif) + 2) + exif + good[2:]
    assert read_photo(data).variants[320].width == 64


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"PK\x03\x04" + b"\0" * 100,
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
        encoded(scene(), "GIF"),
        encoded(scene(), "TIFF"),
        encoded(scene(), "BMP"),
        encoded(scene(), "ICO", sizes=[(32, 32)]),
    ],
    ids=range(12),
)
def test_not_a_photo(data: bytes) -> None:
    assert refused(data) == "not_a_photo"


def test_a_gif_of_ten_thousand_frames() -> None:
    frame = encoded(Image.new("P", (16, 16)), "GIF")
    body = frame[frame.index(b",") : -1]
    assert refused(frame[: frame.index(b",")] + body * 10_000 + b";") == "not_a_photo"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
def test_truncated_is_damaged(form: str, share: float) -> None:
    noise = Image.effect_noise((800, 600), 60).convert("RGB")
    data = encoded(noise, form)
    assert refused(data[: int(len(data) * share)]) == "damaged"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_that_lacks_its_end_mark_alone(progressive: bool, lost: int) -> None:
    data = encoded(scene(), progressive=progressive)
    assert colours(read_photo(data[:-lost]).variants[800].data) == UPRIGHT
    assert read_photo((FIELD / "a04-no-eoi.jpg").read_bytes()).width


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 95), st.booleans(), st.booleans())
def test_a_jpeg_that_lacks_part_of_its_picture(percent: int, progressive: bool, flat: bool) -> None:
    """Whatever the picture: one colour has nothing by which a gap would show."""
    picture = Image.new("RGB", (640, 480), "teal") if flat else scene()
    data = encoded(picture, progressive=progressive)
    start = data.index(b"\xff\xda")
    assert refused(data[: start + (len(data) - start) * percent // 100]) == "damaged"


def test_the_first_bytes_of_a_photo_alone() -> None:
    assert refused(b"\xff\xd8\xff") == "damaged"
    assert refused(b"\x89PNG\r\n\x1a\n") == "damaged"
    assert refused(b"RIFF\0\0\0\0WEBP") == "damaged"
    assert refused(b"\0\0\0\x18ftypavif") == "damaged"


def test_too_many_bytes() -> None:
    assert refused(encoded(scene()) + b"\0" * 21 * 2**20) == "too_large"


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    for side in (100_000, 50_001, 8_000):
        assert refused(png(side, side)) == "too_many_pixels"


def test_eighty_megapixels() -> None:
    data = encoded(Image.new("1", (10_000, 8_000)), "PNG")
    assert refused(data) == "too_many_pixels"
    assert refused(data, max_pixels=79_999_999) == "too_many_pixels"
    for form in ("JPEG", "WEBP", "AVIF"):
        assert refused(encoded(scene(200, 100), form), max_pixels=19_999) == "too_many_pixels"


def test_one_pixel() -> None:
    assert refused(encoded(scene(1, 1), "PNG")) == "too_small"
    assert refused(encoded(scene(2000, 15))) == "too_small"


@pytest.mark.parametrize(("kind", "head"), [(b"zTXt", b"Comment\0\0"), (b"iCCP", b"profile\0\0")])
def test_a_chunk_that_unfolds_without_end(kind: bytes, head: bytes) -> None:
    packer = zlib.compressobj(9)
    folded = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    pixels = (b"\0" + b"\x80" * 64) * 64
    assert refused(png(64, 64, (kind, head + folded), pixels=pixels)) == "damaged"
    assert read_photo(png(64, 64, pixels=pixels)).width == 64


def test_heic_without_the_extra() -> None:
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        assert refused(data) == "heic"
    else:
        assert refused(data) == "damaged"


def test_metadata_of_the_wrong_type_and_beyond_the_end() -> None:
    entries = [(0x0112, 2, 4, b"six\0"), (0x8769, 4, 1, b"\xf0\xff\xff\xff"), (0x8825, 4, 1, b"\xf0\xff\xff\xff")]
    block = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + block + bytes(4)
    read = read_photo(encoded(scene(), exif=exif))
    assert (read.gps, read.taken_at) == (None, None)
    assert colours(read.variants[800].data) == UPRIGHT
