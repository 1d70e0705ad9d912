"""The space that is left where Civic writes, and what is said where there is none."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from civic.config import PathsConfig
from civic.db import is_database_full
from civic.errors import StorageFull

FULL = (errno.ENOSPC, errno.EDQUOT)


def free_bytes(paths: PathsConfig) -> int:
    """The bytes that this account can still write under `paths.var`. Raises OSError where it cannot be asked."""
    return shutil.disk_usage(paths.var).free


def describe_free_space(paths: PathsConfig) -> tuple[bool, str]:
    """Whether there is as much as `paths.min_free_bytes`, and a word on it without the folder: everybody reads it."""
    free = free_bytes(paths)
    return free >= paths.min_free_bytes, f"{free / 2**30:.1f} GiB free"


def is_storage_full(error: BaseException) -> bool:
    """Whether the disk, ours or the database's, has no space left, or the account's share of it is used up."""
    return is_database_full(error) or (isinstance(error, OSError) and error.errno in FULL)


@contextmanager
def report_full_storage() -> Iterator[None]:
    """Raises StorageFull where there is no space left."""
    try:
        yield
    except Exception as error:
        if is_storage_full(error):
            raise StorageFull() from error
        raise
