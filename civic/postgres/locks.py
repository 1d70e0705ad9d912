"""Locks that the kernel drops with the process, however it ends, and the supervisor's status file.

Standard library only, as all that the supervisor imports: it starts with most commands, so it starts fast.
"""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

USERS = "users.lock"
SUPERVISOR = "supervisor.lock"
STATUS = "status"


def make_folder(path: Path, mode: int) -> None:
    """Make it if need be; what is ours gets the mode whatever the umask. What root makes is its parent's owner's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir()
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o777 != mode:
        path.chmod(mode)


def open_file(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """A descriptor that children do not get. A file that root makes belongs to the owner of the folder."""
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd


def try_lock(fd: int, *, exclusive: bool) -> bool:
    """Whether the lock was free for us. It lasts until every copy of the descriptor is closed."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(fd: int) -> None:
    fcntl.flock(fd, fcntl.LOCK_UN)


_mine: set[int] = set()


def hold(fd: int) -> None:
    """This process alone holds the lock: a forked child that outlives it (a pool's) does not."""
    _mine.add(fd)


def drop(fd: int) -> None:
    """Let go of it; in a forked child there is nothing to let go of."""
    if fd in _mine:
        _mine.remove(fd)
        os.close(fd)


def _forked() -> None:
    while _mine:
        os.close(_mine.pop())


os.register_at_fork(after_in_child=_forked)


@dataclass(frozen=True)
class SupervisorStatus:
    """What the supervisor `pid` says. `state`: starting, ready or failed; `socket`: the folder of the socket;
    `at`: when it said so, in seconds of the machine's monotonic clock."""

    state: str
    message: str = ""
    socket: str = ""
    pid: int = 0
    at: float = 0.0


def publish(folder: Path, status: SupervisorStatus) -> int:
    """Replace the status; the returned descriptor's lock is what makes it count (see `read`)."""
    draft = folder / f"{STATUS}.new"
    draft.unlink(missing_ok=True)
    fd = open_file(draft)
    os.write(fd, json.dumps(asdict(status)).encode())
    try_lock(fd, exclusive=True)
    draft.rename(folder / STATUS)
    return fd


def read(folder: Path, *, alive: bool = True) -> SupervisorStatus | None:
    """The status, or None if there is none.

    With `alive`, None too if its writer is dead: the writer holds a lock on the very file that it wrote, so
    what a killed supervisor left behind is never believed.
    """
    try:
        fd = os.open(folder / STATUS, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        if alive and try_lock(fd, exclusive=False):
            return None
        text = file.read()
    return SupervisorStatus(**json.loads(text)) if text else None
