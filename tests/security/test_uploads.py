"""What strangers send as a photo: refused, or made anew without a byte of their own."""

import asyncio
import io
import struct
import zlib
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

from civic.media.links import photo_url
from civic.media.models import Photo
from tests.clients import Client
from tests.media.pictures import assert_clean, encoded, png, scene, with_gps

pytestmark = pytest.mark.usefixtures("riverside")

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
GOOD = encoded(scene())


def _text_bomb() -> bytes:
    return png(64, 64, (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000)), pixels=b"\0" * 65 * 64)


def _profile_bomb() -> bytes:
    return png(64, 64, (b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 50_000_000)), pixels=b"\0" * 65 * 64)


def _animation() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), (n * 20, 0, 0)) for n in range(10)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    return file.getvalue()


# What it is, its bytes, and whether a photo may come of it.
UPLOADS = {
    "a photo": (GOOD, True),
    "SVG": (SVG, False),
    "HTML": (b"<!doctype html>" + SCRIPT, False),
    "GIF": (encoded(scene(64, 64), "GIF"), False),
    "TIFF": (encoded(scene(64, 64), "TIFF"), False),
    "BMP": (encoded(scene(64, 64), "BMP"), False),
    "ICO": (encoded(scene(64, 64), "ICO"), False),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", False),
    "PDF": (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>", False),
    "nothing": (b"", False),
    "a zip": (b"PK\3\4" + b"\0" * 100, False),
    "HTML after a photo": (GOOD + SCRIPT, True),
    "HTML in a comment": (GOOD[:2] + b"\xff\xfe" + struct.pack("!H", len(SCRIPT) + 2) + SCRIPT + GOOD[2:], True),
    "a photo after HTML": (SCRIPT + GOOD, False),
    "half a photo": (GOOD[: len(GOOD) // 2], False),
    "a head alone": (GOOD[:20], False),
    "thirty thousand square": (png(30_000, 30_000), False),
    "a side without end": (png(2**31 - 1, 1), False),
    "no pixels": (png(64, 64), False),
    "a bomb of text": (_text_bomb(), None),
    "a bomb of a profile": (_profile_bomb(), None),
    "an animation": (_animation(), True),
    "with a place": (with_gps((31.0, 14.0, 10.5), (121.0, 28.0, 30.0), taken="2026:03:08 09:05:00"), True),
    "PNG by the name of JPEG": (encoded(scene(), "PNG"), True),
}
NAMES = (
    "../../../etc/cron.d/x",
    "a\r\nSet-Cookie: a=b",
    "x" * 3000 + ".jpg",
    "<script>.jpg",
    "\x00.jpg",
    "C:\\x.jpg",
    "照片.jpg",
)


async def test_an_upload_is_refused_or_made_anew(client: Client) -> None:
    for name, (data, accepted) in UPLOADS.items():
        answer = await client.post(
            "/reports/photos",
            files=[("photos", ("hole.jpg", data, "image/jpeg"))],
            headers={"Accept": "application/json"},
        )
        assert answer.status_code in ((201,) if accepted else (201, 422)), (name, answer.text)
        assert accepted in (None, await Photo.exists()), name
        for row in await Photo.all():
            photo = await client.get(photo_url(row, 1600, secret=client.app.state.secret))
            assert photo.headers["content-type"] == "image/jpeg"
            assert photo.headers["x-content-type-options"] == "nosniff"
            assert photo.headers["content-security-policy"] == "default-src 'none'"
            assert SCRIPT not in photo.content
            assert_clean(photo.content)
        await Photo.all().delete()


async def test_the_name_of_a_file_names_nothing(client: Client) -> None:
    """Neither where it is kept nor what is answered; of a refused one it is shown as text."""
    for name, data in product(NAMES, (GOOD, SVG)):
        answer = await client.post("/reports/photos", files=[("photos", (name, data, "image/jpeg"))])
        assert answer.status_code in (200, 400, 422), name
        assert "a=b" not in answer.headers.get("set-cookie", "")
        assert "<script>.jpg" not in answer.text
    kept = await asyncio.to_thread(_files, client.app.state.config.paths.var)
    assert all(path.suffix in (".webp", ".jpg") or path.name == "secret.key" for path in kept), kept


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_address_of_a_photo_that_is_not_public(client: Client, stranger: Client) -> None:
    """It needs its signature: not another's, not one of another time, nothing for another size by guessing."""
    answer = await client.post(
        "/reports/photos", files=[("photos", ("a.jpg", GOOD, "image/jpeg"))], headers={"Accept": "application/json"}
    )
    assert answer.status_code == 201
    url = photo_url(await Photo.get(), 320, secret=client.app.state.secret)
    path, _, query = url.partition("?")
    assert (await stranger.get(url)).status_code == 200  # who was given the address
    until, signature = (part.partition("=")[2] for part in query.split("&"))
    forged = (
        path,
        f"{path}?until={until}",
        f"{path}?until={until}&signature=",
        f"{path}?until={until}&signature={signature[:-1]}",
        f"{path}?until={int(until) + 900}&signature={signature}",
        f"{path}?until=-1&signature={signature}",
        f"{path}?until={until}&until=9&signature=é",
        f"{path.replace('/320.', '/999.')}?{query}",
        "/photos/" + "A" * 22 + f"/320.webp?{query}",
    )
    for address in forged:
        assert (await stranger.get(address)).status_code == 404, address
