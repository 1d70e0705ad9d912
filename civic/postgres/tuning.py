"""Settings of PostgreSQL for the machine that it runs on.

The embedded server shares its machine with the web processes and the workers, so it takes half of what
https://www.postgresql.org/docs/current/runtime-config-resource.html gives to a machine of its own.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

MB = 2**20
CGROUP = Path("/sys/fs/cgroup")
# By version of control groups: where the limit of memory stands that a container has.
MEMORY_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
CPU_LIMIT = "cpu.max"  # microseconds of processors in a period, or "max", and the period
SET_BY_OPERATOR = re.compile(r"^\s*([a-z_.]+)\s*=", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the program may use: memory in bytes, and processors."""

    memory: int
    processors: int


def read_machine(groups: Path = CGROUP) -> Machine:
    """This machine, or as much of it as its container may use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [_read_number(groups / name) for name in MEMORY_LIMITS]
    return Machine(min([memory, *filter(None, limits)]), _count_processors(groups))


def _count_processors(groups: Path) -> int:
    # macOS does not tell which processors a process may use.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (groups / CPU_LIMIT).read_text("ascii").split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, round(int(quota) / int(period))))


def _read_number(file: Path) -> int | None:
    """The number in a file; None if there is no file, or a word in it."""
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) > 0 else None


def settings_for(machine: Machine) -> dict[str, str]:
    """What the embedded server is started with on such a machine."""
    memory, processors = machine.memory // MB, machine.processors
    return {
        "shared_buffers": f"{_within(memory // 8, 128, 8192)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",  # what the system keeps of files, about
        "work_mem": f"{_within(memory // 512, 4, 64)}MB",
        "maintenance_work_mem": f"{_within(memory // 16, 64, 1024)}MB",
        "max_wal_size": f"{_within(memory // 4, 1024, 4096)}MB",
        "max_worker_processes": str(max(8, processors)),
        "max_parallel_workers": str(processors),
        "max_parallel_workers_per_gather": str(min(2, processors - 1)),  # the others answer readers meanwhile
        "random_page_cost": "1.1",  # disks without moving parts
    }


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


def settings_by_operator(data: Path) -> set[str]:
    """The names of what somebody set by ALTER SYSTEM in this data folder: that stands."""
    file = data / "postgresql.auto.conf"
    # Of damaged data the file may be gone; the server itself says so.
    return set(SET_BY_OPERATOR.findall(file.read_text("utf-8"))) if file.exists() else set()
