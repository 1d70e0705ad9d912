"""The address of a PostgreSQL as `database.url` gives it, in the form that libpq and managed services use.

`postgres://user:password@host:5432/name?sslmode=verify-full&sslrootcert=/etc/ca.pem`; a unix socket is `?host=/run/pg`.
"""

import ssl
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from civic.errors import SetupError
from civic.suggestions import did_you_mean

SCHEMES = ("postgres", "postgresql")
DEFAULT_PORT = 5432
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SYSTEM_AUTHORITIES = "system"  # as libpq calls the certificates that the operating system trusts
READ = ("host", "port", "user", "password", "dbname", "sslmode", "ssl", "sslrootcert", "sslcert", "sslkey")
PASSED_ON = ("application_name", "options", "target_session_attrs", "connect_timeout")
# What libpq knows and the driver has not: without them the connection works as well. With sslmode=verify-full nobody
# can stand in between, which is what channel_binding is for.
LEFT_OUT = (
    *("channel_binding", "gssencmode", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    *("sslnegotiation", "sslcompression", "sslsni", "tcp_user_timeout"),
)
ENCODE = "Characters such as @ / # ? % in its password are written with percent signs: %40 %2F %23 %3F %25."


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is, and as whom Civic comes. `host` is a name, an address, or the folder of a unix socket."""

    host: str = ""
    port: int = DEFAULT_PORT
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    ssl_mode: str = ""
    root_certificate: str = ""
    certificate: tuple[str, str] | None = None  # of this program: file and file of its key
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """For people: no password."""
        place = self.host or "this machine"
        return place if place.startswith("/") or self.port == DEFAULT_PORT else f"{place}:{self.port}"

    def arguments(self) -> dict[str, object]:
        """What `asyncpg.connect` and its pool take. Raises SetupError for a certificate that cannot be read."""
        given: dict[str, object] = {
            "host": self.host or None,
            "port": self.port,
            "user": self.user or None,
            "password": self.password or None,
            "database": self.database or None,
        }
        if encryption := self._encryption():
            given["ssl"] = encryption
        if "target_session_attrs" in self.options:
            given["target_session_attrs"] = self.options["target_session_attrs"]
        if "connect_timeout" in self.options:
            given["timeout"] = max(float(self.options["connect_timeout"]), 2.0)  # libpq's least
        return given | {"server_settings": self.server_settings}

    @property
    def server_settings(self) -> dict[str, str]:
        return {name: self.options[name] for name in ("application_name", "options") if name in self.options}

    @property
    def asks_for_tls(self) -> bool:
        """Nothing is said to a server that does not encrypt."""
        return self.ssl_mode not in ("", "disable", "allow", "prefer") or bool(self.root_certificate)

    def tls_context(self) -> ssl.SSLContext:
        """How a connection to it is encrypted, where it is. Raises SetupError as `arguments`."""
        encryption = self._encryption()
        if isinstance(encryption, ssl.SSLContext):
            return encryption
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # of any certificate, as `require` and `prefer` mean
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _encryption(self) -> str | ssl.SSLContext:
        """As libpq: `require` encrypts and trusts everybody, unless a root certificate is named."""
        mode, root = self.ssl_mode, self.root_certificate
        if root == SYSTEM_AUTHORITIES:
            mode, root = "verify-full", ""
        elif root and mode == "require":
            mode = "verify-ca"
        if not mode.startswith("verify-") and not self.certificate:
            return mode
        if mode in ("disable", "allow", "prefer", ""):
            raise SetupError("database.url names a certificate (sslcert): its sslmode has to be require or more.")
        try:
            context = ssl.create_default_context(cafile=root or None)
            context.check_hostname = mode == "verify-full"
            context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
            if self.certificate:
                context.load_cert_chain(*self.certificate)
        except OSError as error:  # ssl.SSLError is one
            files = ", ".join(filter(None, [root, *(self.certificate or ())]))
            raise SetupError(f"A certificate of database.url ({files}) cannot be read: {error}") from error
        return context


def describe_place(url: str) -> str:
    """Which database a URL means, for people: "civic at db.example"."""
    address = read_database_url(url)
    return f"{address.database or address.user} at {address}"


def read_database_url(url: str) -> DatabaseAddress:
    """Raises ValueError with a sentence that says what is wrong with the address, never its password."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme not in SCHEMES:
        named = f"begins with {scheme}://" if separator else "is no address"
        raise ValueError(f"It {named}: the address of a PostgreSQL is postgres://user:password@host/name")
    _check_encoding(rest)
    try:
        parts = urlsplit(f"{SCHEMES[0]}://{rest}")
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError("Its port is no number, or its host cannot be read. One host is named. " + ENCODE) from None
    asked = _read_query(parts.query)
    try:
        port = int(asked.get("port", port))
    except ValueError:
        raise ValueError("Its port is no number.") from None
    mode = asked.get("sslmode", asked.get("ssl", ""))
    certificate = (asked["sslcert"], asked.get("sslkey", asked["sslcert"])) if asked.get("sslcert") else None
    return DatabaseAddress(
        host=asked.get("host", unquote(parts.hostname or "")),
        port=port,
        user=asked.get("user", unquote(parts.username or "")),
        password=asked.get("password", unquote(parts.password or "")),
        database=asked.get("dbname", unquote(parts.path.removeprefix("/"))),
        ssl_mode=mode,
        root_certificate=asked.get("sslrootcert", ""),
        certificate=certificate,
        options={name: text for name, text in asked.items() if name in PASSED_ON},
    )


def _check_encoding(rest: str) -> None:
    """Raises ValueError. An @ in the password is ambiguous; a / # ? of it ends the host early: the @ stands behind."""
    place, _, query = rest.partition("?")
    authority = place.partition("/")[0]
    person, _, host = authority.rpartition("@")
    behind = "@" not in authority and ("@" in place or "@" in query.partition("=")[0])
    if "#" in rest or "@" in person or behind or not all(map(_is_hex, person.split("%")[1:])):
        raise ValueError(ENCODE)
    if "," in host:
        raise ValueError("It names several hosts: one is wanted.")


def _is_hex(text: str) -> bool:
    return len(text) >= 2 and all(character in string.hexdigits for character in text[:2])


def _read_query(query: str) -> dict[str, str]:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    known = (*READ, *PASSED_ON, *LEFT_OUT)
    for name in asked:
        if name not in known:
            raise ValueError(f"It has {name!r}, which Civic does not know: take it away.{did_you_mean(name, known)}")
    for name in ("sslmode", "ssl"):
        if name in asked and asked[name] not in SSL_MODES:
            raise ValueError(f"Its {name} is {asked[name]!r}: it is one of {', '.join(SSL_MODES)}.")
    timeout = asked.get("connect_timeout", "0")
    if not timeout.isascii() or not timeout.isdigit():
        raise ValueError("Its connect_timeout is no number of seconds.")
    return asked
