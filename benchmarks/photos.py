"""12 megapixels of JPEG to three WebP: plain Pillow in this process, our reader, and the confined processes.

    python benchmarks/photos.py [PHOTOS]

Plain Pillow (what one would write first: thumbnail three times from one decoded image, no check, no colour
management) is the measure; everything runs in one go on the same photo.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageOps

from civic.media.decoder import Decoder
from civic.media.decoding import EDGE_PIXELS, QUALITY, read_photo


def photo() -> bytes:
    """4032 × 3024, a little more than 3 MB, turned as a phone held upright turns it."""
    coarse = Image.merge("RGB", [Image.effect_noise((504, 378), spread) for spread in (40, 60, 80)])
    fine = Image.effect_noise((4032, 3024), 12).convert("RGB")
    image = Image.blend(coarse.resize((4032, 3024), Image.Resampling.BICUBIC), fine, 0.3)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    image.save(file, "JPEG", quality=90, exif=exif)
    return file.getvalue()


def plain(data: bytes) -> list[bytes]:
    files = []
    with Image.open(BytesIO(data)) as image:
        image.draft("RGB", (1600, 1600))
        upright = ImageOps.exif_transpose(image)
    for edge in reversed(EDGE_PIXELS):
        upright.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        file = BytesIO()
        upright.save(file, "WEBP", quality=QUALITY, method=4)
        files.append(file.getvalue())
    return files


def timed(work: Callable[[], object], count: int) -> float:
    """Seconds a photo."""
    work()
    start = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - start) / count


async def pooled(data: bytes, count: int, at_once: int) -> float:
    """Seconds a photo, `at_once` in as many processes; they are started before."""
    async with Decoder(processes=at_once, waiting=count) as decoder:
        await asyncio.gather(*(decoder.process(data) for _ in range(at_once)))
        start = time.perf_counter()
        if at_once == 1:
            for _ in range(count):
                await decoder.process(data)
        else:
            await asyncio.gather(*(decoder.process(data) for _ in range(count)))
        return (time.perf_counter() - start) / count


async def cold(data: bytes) -> float:
    """Seconds for the first photo, its process's start included."""
    async with Decoder() as decoder:
        start = time.perf_counter()
        await decoder.process(data)
        return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    data = photo()
    rows = {
        "plain Pillow, this process": timed(lambda: plain(data), count),
        "read_photo, this process": timed(lambda: read_photo(data), count),
        "one confined process": asyncio.run(pooled(data, count, 1)),
        "two confined processes": asyncio.run(pooled(data, count, 2)),
        "the first photo of all": asyncio.run(cold(data)),
    }
    base = rows["plain Pillow, this process"]
    print(f"4032 x 3024 JPEG, {len(data) / 1e6:.1f} MB, {count} photos each")
    for name, seconds in rows.items():
        print(f"{name:28} {seconds * 1000:7.0f} ms a photo  {seconds / base:5.2f} x")


if __name__ == "__main__":
    main()
