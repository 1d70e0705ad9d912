"""Taking from a process what it does not need, for good: files, network, programs, its account.

Standard library only, by the kernel's own calls. Linux on x86-64 and ARM has both; elsewhere `confine` says what is
missing, and the limits of `sandbox.py` hold alone.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

# Reserved on Debian and given to nobody: the account of a process that root confines. Not `nobody`, which others use.
ACCOUNT_ID = 65533
LANDLOCK, SECCOMP = "Landlock", "seccomp"

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF, _LANDLOCK_CREATE_RULESET_VERSION = 444, 446, 1
# What each version of Landlock knows of files: from executing and reading (bits 0 to 12) to device calls (bit 15).
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS_SINCE, _NET_RIGHTS = 4, 0b11  # bind and connect TCP
_SCOPES_SINCE, _SCOPES = 6, 0b11  # abstract sockets, and signals to others

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# The only system calls that decoding makes, by number on x86-64 and on ARM. Whatever else there is, or will be, fails.
_CALLS: dict[str, tuple[int, int]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "alarm": (37, 103),  # which ARM does by setitimer
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "exit": (60, 93),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
# Allowed for this process itself: the first argument has to be its id, which 0 also stands for.
_PRLIMIT, _TGKILL = (302, 261), (234, 131)
# For a library that does not decode without threads of its own. The C library takes the older call where there is no
# newer one, whose flags a filter cannot see.
_CLONE, _CLONE3, _SET_ROBUST_LIST = (56, 220), (435, 435), (273, 99)
_CLONE_THREAD = 0x10000

_LOAD, _EQUAL, _HAS_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06  # instructions of the kernel's filter machine
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where what they look at stands
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE, _IS_UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS  # the call fails so

Instruction = tuple[int, int, int, int]


def leave_root() -> None:
    """Become an account that owns nothing. Raises OSError where this process may not."""
    os.setgroups([])
    os.setresgid(ACCOUNT_ID, ACCOUNT_ID, ACCOUNT_ID)
    os.setresuid(ACCOUNT_ID, ACCOUNT_ID, ACCOUNT_ID)


def confine(*, threads: bool = False) -> list[str]:
    """Take every file, connection and program from this process, for good; what the kernel did of it.

    `threads`: it may go on to start threads, though no process.
    """
    by = {LANDLOCK: landlock_version() > 0, SECCOMP: has_seccomp()}  # asked while files can still be read
    if sys.platform == "linux":
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if by[LANDLOCK]:
        restrict_files()
    refuse_descriptors(threads=threads)
    if by[SECCOMP]:
        restrict_calls(threads=threads)
    return [name for name, there in by.items() if there]


def refuse_descriptors(*, threads: bool = False) -> None:
    """No new descriptor, and no new process or thread, on any system: what is open now is all that there is."""
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
    if not threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def landlock_version() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    found = _library().syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, int(found))


def restrict_files() -> None:
    """No file of any kind can be opened, made or removed, no TCP port reached. Raises OSError."""
    version = landlock_version()
    files = _FILE_RIGHTS[max(known for known in _FILE_RIGHTS if known <= version)]
    net = _NET_RIGHTS if version >= _NET_RIGHTS_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    size = 24 if scopes else 16 if net else 8
    rules = ctypes.create_string_buffer(struct.pack("=QQQ", files, net, scopes)[:size], size)
    ruleset = _call("syscall", _LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(size), 0)
    _call("syscall", _LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def has_seccomp() -> bool:
    """Whether the kernel filters system calls, and we know their numbers on this machine."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    with open("/proc/self/status", "rb") as file:
        return b"Seccomp:" in file.read()


def restrict_calls(*, threads: bool = False) -> None:
    """Every system call that decoding does not make fails with EPERM. Raises OSError."""
    program = b"".join(struct.pack("=HBBI", *one) for one in _filter(threads))
    code = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    _call("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(description), 0, 0)


def _filter(threads: bool) -> list[Instruction]:
    architecture, column = _ARCHITECTURES[platform.machine()]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for numbers in _CALLS.values():
        program += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    program += _allow_if(_PRLIMIT[column], _EQUAL, 0) + _allow_if(_TGKILL[column], _EQUAL, os.getpid())
    if threads:
        program += _allow_if(_CLONE[column], _HAS_BITS, _CLONE_THREAD)
        program += [(_EQUAL, 0, 1, _SET_ROBUST_LIST[column]), (_RETURN, 0, 0, _ALLOW)]
        program += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _IS_UNKNOWN)]
    return [*program, (_RETURN, 0, 0, _REFUSE)]


def _allow_if(number: int, test: int, value: int) -> list[Instruction]:
    """Allow a call whose first argument passes the test."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (test, 0, 1, value),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def _call(name: str, *arguments: object) -> int:
    """One call of the C library. Raises OSError."""
    found = int(getattr(_library(), name)(*arguments))
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return found
