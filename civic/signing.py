"""Digests and tokens under the installation's secret key: a copy of the database alone gives none of them away."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime

from civic import timing

SIGNATURE_CHARS = 32  # of base64: 192 bits

_read_key: Callable[[], bytes] | None = None
_key: bytes | None = None  # once it is read


def set_key(read: Callable[[], bytes]) -> None:
    """How this process gets the key (`Config.secret`); every program says so once, at its start."""
    global _read_key, _key
    _read_key, _key = read, None


def _digest(purpose: str, text: str) -> bytes:
    global _key
    if _read_key is None:
        raise RuntimeError("This program signs and has not called signing.set_key.")
    _key = _key or _read_key()
    return hmac.digest(_key, f"{purpose}\0{text}".encode(), hashlib.sha256)


def digest(purpose: str, text: str) -> str:
    """HMAC-SHA256 in hex. The same text has another digest for another purpose."""
    return _digest(purpose, text).hex()


def sign(purpose: str, text: str, until: datetime | None = None) -> str:
    """A token that carries `text` (no dots) and is good for this purpose until then; without `until`, for ever."""
    content = f"{text}.{int(until.timestamp()) if until else 0}"
    return f"{content}.{_signature(purpose, content)}"


def read_signed(purpose: str, token: str) -> str | None:
    """The text of a token; None if it is for another purpose, too old, or not ours."""
    content, _, signature = token.rpartition(".")
    text, _, until = content.rpartition(".")
    if not hmac.compare_digest(_signature(purpose, content).encode(), signature.encode()):
        return None
    return text if until == "0" or timing.now().timestamp() < int(until) else None


def _signature(purpose: str, content: str) -> str:
    return urlsafe_b64encode(_digest(f"token {purpose}", content)).decode()[:SIGNATURE_CHARS]
