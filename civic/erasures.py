"""The log of erasures: what was erased for good, noted outside of the database.

A backup made before an erasure still holds the text. When it is restored, what the log names is erased again. A line
has no name and no text: the instant, what kind of thing, and a digest of its identity under the installation's key.
"""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from civic import signing, timing
from civic.files import sync_folder

NAME = "erasures.log"  # in paths.var
_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ([a-z]+) ([0-9a-f]{64})\n", re.ASCII)

_file: Path | None = None


def set_log(var: Path) -> None:
    """Say in which folder this process notes erasures; every program does so once, at its start."""
    global _file
    _file = var / NAME


def digest_erased(kind: str, name: str, made_at: datetime) -> str:
    """What stands in the log for a thing: `name` is unique of its kind, `made_at` tells it from one that gets its name
    after an older backup was restored."""
    return signing.digest("erasure", f"{kind} {name} {made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}")


def note_erasure(kind: str, name: str, made_at: datetime) -> None:
    """Note an erasure before it is committed: what cannot be noted is not erased. On return it is on the disk."""
    if _file is None:
        raise RuntimeError("This program erases and has not called erasures.set_log.")
    line = f"{timing.now():%Y-%m-%dT%H:%M:%SZ} {kind} {digest_erased(kind, name, made_at)}\n"
    append_lines(_file, line)


def append_lines(file: Path, lines: str) -> None:
    """Add lines to a log of erasures and bring them to the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = not file.exists()
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(handle, "ab") as log:
        if os.geteuid() == 0:  # the account that serves has to write there, too
            owner = file.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        log.write(lines.encode())
        log.flush()
        os.fsync(log.fileno())
    if new:
        sync_folder(file.parent)


def read_lines(text: str) -> list[str]:
    """The whole lines of a log, each once; a line that a full disk or a power cut left half is passed over."""
    return list(dict.fromkeys(match[0] for match in _LINE.finditer(text)))


def read_digests(lines: Sequence[str], kind: str) -> set[str]:
    """The digests that lines name of one kind."""
    return {match[2] for line in lines if (match := _LINE.fullmatch(line)) and match[1] == kind}
