"""Hashing passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's minimum), about 25 ms; and judging new ones.

Both run in a few threads of their own, so that many sign-ins at once neither stop the event loop nor fill the memory.
"""

import asyncio
import os
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# zxcvbn's "safely unguessable": what is guessed sooner is a common password, or made of names, dates and keys in a row.
MIN_GUESSES = 10**8
# Its time grows with the square of the length, and with the number of ways in which signs can stand for letters ("$" or
# "5" for s): with all of them it takes seconds. So many take a tenth of one, and no common password has more.
MAX_JUDGED_CHARS, MAX_READINGS = 32, 16

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_judging = Lock()  # zxcvbn keeps the words of the last question in its module
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


async def is_easy_to_guess(password: str, words: Sequence[str]) -> bool:
    """Whether a password is a common one, or made of common words, of these `words`, of dates or of keys in a row."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _is_easy_to_guess, password, words)


def _is_easy_to_guess(password: str, words: Sequence[str]) -> bool:
    import zxcvbn  # here, as its lists take 15 MB that a process needs only once somebody chooses a password

    judged = unicodedata.normalize("NFKC", password)[:MAX_JUDGED_CHARS]
    signs = zxcvbn.matching.relevant_l33t_subtable(judged, zxcvbn.matching.L33T_TABLE)
    if prod(map(len, signs.values())) > MAX_READINGS:
        return False
    with _judging:
        return bool(zxcvbn.zxcvbn(judged, user_inputs=[word.casefold() for word in words])["guesses"] < MIN_GUESSES)
