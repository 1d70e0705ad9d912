"""The confined process in which uploads are decoded: `python -m civic.media.sandbox`, started by `decoder.py`.

Over its pipes: a request is a length (4 bytes, big-endian) and the upload; a reply is a length and a JSON head, and
then the variants' bytes one after the other. Once it is confined it says `{"confined": ["Landlock", "seccomp"]}`: what
the kernel did of that. It ends when its pipe closes, when its parent dies, and when a limit is passed.

Whoever takes over the process by a hostile file has two pipes and its memory: no settings and no environment, no file
to open, no network, no program to start, no process to signal, and of root nothing (`confinement.py`).
"""

import contextlib
import ctypes
import io
import json
import os
import resource
import signal
import struct
import sys
import time
from datetime import datetime
from typing import IO, Any

from PIL import Image, ImageCms
from PIL import MpoImagePlugin as _mpo  # noqa: F401  # which Pillow imports when it meets one

from civic.media import confinement
from civic.media.decoding import (
    EDGE_PIXELS,
    MIN_SIDE_PIXELS,
    Decoded,
    Refusal,
    Variant,
    can_read_heif,
    is_written_as,
    position,
    read_photo,
)

LENGTH = struct.Struct("!I")
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answer requests until the pipe closes.

    Arguments: bytes, pixels and seconds a photo may take; bytes of memory; the parent's process id.
    """
    max_bytes, max_pixels, seconds, memory, parent = map(int, sys.argv[1:6])
    os.closerange(3, 256)
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the replies
    _warm_up()
    _send(target, {"confined": _confine(memory, parent, threads=can_read_heif())})
    while head := source.read(LENGTH.size):
        data = source.read(LENGTH.unpack(head)[0])
        _allow(seconds)
        try:
            decoded = read_photo(data, max_bytes=max_bytes, max_pixels=max_pixels)
        except Refusal as refusal:
            _send(target, {"refused": refusal.reason})
        else:
            _send(target, _head(decoded), *(v.data for v in decoded.variants.values()))
        signal.alarm(0)


def _warm_up() -> None:
    """Decode a small picture of each kind: what that imports and opens is there before nothing can be opened."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (1.0, 1.0, 1.0), 3: "E", 4: (1.0, 1.0, 1.0)}
    exif[0x8769] = {0x9003: "2026:03:08 09:05:00", 0x9011: "+08:00"}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form, mode in (
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("WEBP", "RGB"),
        ("AVIF", "RGB"),
    ):
        file = io.BytesIO()
        Image.new(mode, (MIN_SIDE_PIXELS, MIN_SIDE_PIXELS)).save(file, form, exif=exif, icc_profile=profile)
        read_photo(file.getvalue())


def _confine(memory: int, parent: int, *, threads: bool) -> list[str]:
    """Limit the memory, end with the parent, and take from this process all that decoding does not need.

    What the kernel did of the last is returned (`confinement.confine`). The decoder of HEIC needs threads.
    """
    os.environ.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system without this limit: the others hold
            resource.setrlimit(kind, (limit, limit))
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # a container whose root may become nobody else: the rest holds
            confinement.leave_root()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the account, which clears it
        if os.getppid() != parent:  # it died before we asked
            sys.exit()
    return confinement.confine(threads=threads)


def _allow(seconds: int) -> None:
    """Allow the next photo `seconds` of processor and clock time; then the kernel ends this process.

    The parent's own time-out is shorter by a second. This one is for when there is no parent any more.
    """
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))
    signal.alarm(seconds + 1)


def _head(decoded: Decoded) -> dict[str, object]:
    return {
        "format": decoded.format,
        "width": decoded.width,
        "height": decoded.height,
        "gps": decoded.gps,
        "taken_at": decoded.taken_at and decoded.taken_at.isoformat(),
        "variants": [[edge, v.width, v.height, len(v.data)] for edge, v in decoded.variants.items()],
    }


def _send(target: IO[bytes], head: dict[str, object], *parts: bytes) -> None:
    text = json.dumps(head).encode()
    target.write(LENGTH.pack(len(text)) + text)
    target.writelines(parts)
    target.flush()


def variant_sizes(head: dict[str, Any]) -> list[int]:
    """How many bytes each variant takes that follows. Raises ValueError, KeyError or TypeError on nonsense."""
    sizes = [int(size) for _, _, _, size in head["variants"]]
    if [edge for edge, *_ in head["variants"]] != list(EDGE_PIXELS) or not all(0 < s < 2**24 for s in sizes):
        raise ValueError("not three variants")
    return sizes


def parse_reply(head: dict[str, Any], parts: list[bytes]) -> Decoded:
    """The reply as `read_photo` returned it. Raises ValueError, KeyError, TypeError: a hostile file may have
    taken over the process that wrote it, so everything in it is checked."""
    width, height = head["width"], head["height"]
    if min(width, height) < MIN_SIDE_PIXELS or width * height > 2**31:
        raise ValueError("not a photo's size")
    variants = {}
    for (edge, wide, high, _), data in zip(head["variants"], parts, strict=True):
        if not (0 < wide <= edge and 0 < high <= edge and is_written_as(edge, data)):
            raise ValueError("not a variant")
        variants[edge] = Variant(wide, high, data)
    return Decoded(
        format=str(head["format"]),
        width=int(width),
        height=int(height),
        variants=variants,
        gps=position(*map(float, head["gps"])) if head["gps"] else None,
        taken_at=datetime.fromisoformat(head["taken_at"]) if head["taken_at"] else None,
    )


if __name__ == "__main__":
    main()
