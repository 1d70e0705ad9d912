"""What somebody can do who takes over the process that decodes photos: what the review tried, and more."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from civic.media import confinement
from civic.media.decoder import Decoder
from tests.media.pictures import encoded, scene

# Run in a process of its own: {how} confines it, then each attempt is made. What succeeds is printed.
ATTEMPTS = """
import ctypes, json, mmap, os, resource, signal, socket, subprocess, sys
from civic.media import confinement, sandbox

folder, port, unix, parent = sys.argv[1], int(sys.argv[2]), sys.argv[3], os.getppid()
library = ctypes.CDLL(None, use_errno=True)
library.syscall.restype = ctypes.c_long

def call(number, *arguments):
    if library.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")

def fork():
    if os.fork() == 0:
        os._exit(0)

def thread():
    import threading
    threading.Thread(target=print).start()

ATTEMPTS = {
    "read a secret": lambda: open(folder + "/secret.key", "rb").read(),
    "read a photo": lambda: os.open(folder + "/photo.webp", os.O_RDONLY),
    "read the environment": lambda: open("/proc/self/environ", "rb").read(),
    "read the parent's memory map": lambda: open(f"/proc/{parent}/maps").read(),
    "list a folder": lambda: os.listdir(folder),
    "make a file": lambda: os.open(folder + "/made", os.O_CREAT | os.O_WRONLY),
    "make a folder": lambda: os.mkdir(folder + "/made-folder"),
    "make a symlink": lambda: os.symlink("/etc/passwd", folder + "/link"),
    "make a hard link": lambda: os.link(folder + "/photo.webp", folder + "/hard"),
    "make a pipe": lambda: os.mkfifo(folder + "/fifo"),
    "rename a file": lambda: os.rename(folder + "/photo.webp", folder + "/renamed"),
    "remove a file": lambda: os.unlink(folder + "/victim"),
    "connect by TCP": lambda: socket.socket().connect(("127.0.0.1", port)),
    "bind a TCP port": lambda: socket.socket().bind(("127.0.0.1", 0)),
    "connect to a Unix socket": lambda: socket.socket(socket.AF_UNIX).connect(unix),
    "open a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "start a program": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": fork,
    "start a thread": thread,
    "signal the parent": lambda: os.kill(parent, 0),
    "trace the parent": lambda: call({"x86_64": 101, "aarch64": 117}[os.uname().machine], 0x4206, parent, 0, 0),
    "keep a file in memory": lambda: os.memfd_create("x"),
    "use io_uring": lambda: call(425, 1, ctypes.create_string_buffer(120)),
    "make a namespace": lambda: call({"x86_64": 272, "aarch64": 97}[os.uname().machine], 0x10000000),
    "ask a limit of the parent": lambda: resource.prlimit(parent, resource.RLIMIT_CPU),
    "become the program": lambda: os.execv("/bin/true", ["true"]),
}
how = {
    "nothing": lambda: None,
    "Landlock": lambda: (library.prctl(38, 1, 0, 0, 0), confinement.restrict_files()),
    "seccomp": lambda: (library.prctl(38, 1, 0, 0, 0), confinement.restrict_calls()),
    "limits": lambda: (os.geteuid() == 0 and confinement.leave_root(), confinement.refuse_descriptors()),
    "all": lambda: sandbox._confine(1536 * 2**20, parent, threads=False),
    "all but threads": lambda: sandbox._confine(1536 * 2**20, parent, threads=True),
}[sys.argv[4]]
import threading
how()
done = []
for name, attempt in ATTEMPTS.items():
    if sys.argv[4] in ("nothing", "limits") and name == "become the program":  # which would be the end of this one
        continue
    try:
        attempt()
    except (OSError, RuntimeError, MemoryError):
        continue
    done.append(name)
print(json.dumps(done))
"""

# Landlock knows files, TCP and (in its later versions) signals; what it leaves is seccomp's.
FILES = {
    "read a secret",
    "read a photo",
    "read the environment",
    "read the parent's memory map",
    "list a folder",
    "make a file",
    "make a folder",
    "make a symlink",
    "make a hard link",
    "make a pipe",
    "rename a file",
    "remove a file",
    "start a program",
}
TCP = {"connect by TCP", "bind a TCP port"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Files that everybody may read and change: what is refused is refused by the confinement, not by their modes."""
    with tempfile.TemporaryDirectory(prefix="civic-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o777)
        for file in ("secret.key", "photo.webp", "victim"):
            (path / file).write_bytes(b"secret")
            (path / file).chmod(0o666)
        yield path


def attempt(folder: Path, how: str) -> set[str]:
    """What a process that is confined so can do."""
    (folder / "socket").unlink(missing_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "socket"))
        unix.listen()
        (folder / "socket").chmod(0o777)
        arguments = [str(folder), str(tcp.getsockname()[1]), str(folder / "socket"), how]
        done = subprocess.run([sys.executable, "-c", ATTEMPTS, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_without_it_all_of_that_can_be_done(folder: Path) -> None:
    """So that the tests below find a wall, and not something that nobody could do here anyway."""
    done = attempt(folder, "nothing")
    assert done >= FILES | TCP | {"connect to a Unix socket", "open a UDP socket", "fork", "signal the parent"}


def test_nothing_is_left_of_it(folder: Path) -> None:
    if not (confinement.landlock_version() and confinement.has_seccomp()):
        pytest.skip("this kernel has not both, Landlock and seccomp")
    assert attempt(folder, "all") == set()
    assert attempt(folder, "all but threads") == {"start a thread"}


def test_the_limits_alone_leave_no_descriptor_and_no_program(folder: Path) -> None:
    """Where a kernel has neither."""
    done = attempt(folder, "limits")
    assert not done & {"read a secret", "make a file", "connect by TCP", "connect to a Unix socket", "fork"}


def test_seccomp_alone_leaves_nothing(folder: Path) -> None:
    if not confinement.has_seccomp():
        pytest.skip("this kernel does not filter system calls, or this machine is neither x86-64 nor ARM")
    assert attempt(folder, "seccomp") == set()


def test_landlock_alone_leaves_no_file(folder: Path) -> None:
    version = confinement.landlock_version()
    if not version:
        pytest.skip("this kernel has no Landlock (5.13 and newer, where it is among the security modules)")
    done = attempt(folder, "Landlock")
    assert not done & FILES
    if version >= 4:
        assert not done & TCP
    if version >= 6:
        assert "signal the parent" not in done


async def test_a_photo_is_decoded_inside(decoder: Decoder) -> None:
    """And the process says what confines it; of root it is none."""
    photo = await decoder.process(encoded(scene()))
    assert photo.width == 640
    expected = [confinement.LANDLOCK] if confinement.landlock_version() else []
    expected += [confinement.SECCOMP] if confinement.has_seccomp() else []
    assert decoder.confined_by == expected
    [process] = decoder._all
    fields = await asyncio.to_thread(_status, process._process.pid)
    assert "0" not in fields["Uid"].split()
    assert fields["CapEff"].strip("0 ") == ""
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == ("2" if confinement.has_seccomp() else "0")
    if os.geteuid() == 0:
        assert fields["Groups"].strip() == ""


def _status(pid: int) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
