"""Hashing passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's minimum), about 25 ms.

It runs in a few threads of its own, so that many sign-ins at once neither stop the event loop nor fill the memory.
"""

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max(2, (os.cpu_count() or 2) // 2), thread_name_prefix="passwords")
# Checked for an unknown e-mail, so that the answer takes as long as for a known one.
NOBODYS_HASH = hasher.hash("nobody has this password")


def _prepared(password: str) -> bytes:
    """The bytes to hash: the same from every keyboard."""
    return unicodedata.normalize("NFKC", password).encode()


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, hasher.hash, _prepared(password))


async def verify(hashed: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed. With None it takes as long, and is False."""
    fits = await asyncio.get_running_loop().run_in_executor(
        _threads, _fits, hashed or NOBODYS_HASH, _prepared(password)
    )
    return fits and hashed is not None


def _fits(hashed: str, password: bytes) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hashed: str) -> bool:
    """Whether it was hashed with other costs than today's."""
    return hasher.check_needs_rehash(hashed)
