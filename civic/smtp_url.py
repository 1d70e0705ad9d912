"""The address of a mail server, as `mail.url` names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

Encryption = Literal["tls", "required", "opportunistic", "no"]
"""tls: from the first byte; required, opportunistic, no: by STARTTLS."""

PORTS: Mapping[Encryption, int] = {"tls": 465, "required": 587, "opportunistic": 25, "no": 25}
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
EXAMPLE = "smtp://USER:PASSWORD@mail.example.org:587"


@dataclass(frozen=True)
class SmtpServer:
    """Where mails are handed over, as whom, and how the connection is protected."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = ""
    ca: str = ""  # a file of the certificates that are trusted besides the system's


def parse_smtp_url(text: str) -> SmtpServer:
    """Read "smtp://user:password@host:587?starttls=required&ca=FILE". Raises ValueError, which names no password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(
            f"cannot be read: in a password @ : / ? # [ ] % are written as %40 and so on; {EXAMPLE}"
        ) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError(
            f"is no address of a mail server, such as {EXAMPLE} or smtps://…; a password is percent-encoded"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    encryption = _encryption(parts.scheme, parts.hostname, options.pop("starttls", None))
    ca = options.pop("ca", "")
    if options:
        raise ValueError(f"has no option {min(options)!r}: there are starttls and ca")
    if ca and not Path(ca).is_file():
        raise ValueError(f"names {ca} as ca, which is no file")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and encryption in ("opportunistic", "no") and parts.hostname not in THIS_MACHINE:
        raise ValueError("would send its password without protection: use smtps:// or starttls=required")
    return SmtpServer(parts.hostname, port or PORTS[encryption], encryption, user, password, ca)


def _encryption(scheme: str, host: str, starttls: str | None) -> Encryption:
    if scheme == "smtps":
        if starttls is not None:
            raise ValueError("is encrypted from the first byte (smtps), so it takes no starttls")
        return "tls"
    if starttls is None:  # to a program on this machine nobody listens
        return "opportunistic" if host in THIS_MACHINE else "required"
    if starttls not in ("required", "opportunistic", "no"):
        raise ValueError("takes starttls=required, starttls=opportunistic or starttls=no")
    return cast(Encryption, starttls)
