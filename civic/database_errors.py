"""What an operator is told when the database cannot be reached or used: a sentence, without its password."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from civic.database_url import ENCODE, DatabaseAddress, read_database_url
from civic.errors import SetupError

UNREACHABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBConnectionError, OperationalError)


@contextmanager
def report_unreachable(url: str) -> Iterator[None]:
    """Raises SetupError, with a sentence, for what goes wrong with the database at `url` within the block."""
    try:
        yield
    except (*UNREACHABLE, TimeoutError) as error:
        raise SetupError(describe_database_error(error, read_database_url(url))) from error


@contextmanager
def report_missing_rights(url: str) -> Iterator[None]:
    """Raises SetupError where the database's account may not do what the block does; other errors go on as they are."""
    try:
        yield
    except (asyncpg.InsufficientPrivilegeError, OperationalError) as error:
        if not isinstance(_root(error), asyncpg.InsufficientPrivilegeError):
            raise
        raise SetupError(describe_database_error(error, read_database_url(url))) from error


def describe_database_error(error: BaseException, address: DatabaseAddress) -> str:
    """A sentence about what the driver, or the operating system, said of the database at `address`."""
    root = _root(error)
    database, user = address.database or address.user, address.user or "(the account of this program)"
    match root:
        case asyncpg.InvalidCatalogNameError() | DBConnectionError():
            return f"{address} has no database {database!r}. Make it: CREATE DATABASE {database} OWNER {user};"
        case asyncpg.InvalidPasswordError():
            return f"{address} refuses the account {user} with this password. {ENCODE}"
        case asyncpg.InvalidAuthorizationSpecificationError():
            return f"{address} refuses the account {user}: {root}."
        case asyncpg.InsufficientPrivilegeError():
            return (
                f"The account {user} may not do this in the database {database!r} ({root}). An account that makes or "
                f"changes tables has to own it: ALTER DATABASE {database} OWNER TO {user};"
            )
        case asyncpg.TooManyConnectionsError():
            return f"{address} has no connection left: {root}. Raise its max_connections, or lower database.pool."
        case socket.gaierror():
            return f"There is no host {address.host!r} ({root.strerror}), which database.url names. {ENCODE}"
        case ssl.SSLError():
            return f"The certificate of {address} is not trusted (sslmode={address.ssl_mode}): {_reason(root)}."
        case FileNotFoundError():
            return f"No PostgreSQL has its socket in {address.host or 'the usual folders'}."
        case ConnectionError() if "rejected SSL" in str(root):
            return f"{address} offers no TLS, which sslmode={address.ssl_mode} of database.url asks for."
        case ConnectionRefusedError() | OSError() if _is_refused(root):
            return f"No PostgreSQL answers at {address}, port {address.port}."
        case TimeoutError():
            return f"{address}, port {address.port}, does not answer in time."
    return f"The database cannot be reached: {str(root) or type(root).__name__}"


def _root(error: BaseException) -> BaseException:
    """What Tortoise's own error was made from."""
    while isinstance(error, OperationalError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def _reason(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "") or error).rstrip(".")


def _is_refused(error: BaseException) -> bool:
    """One address refuses with an error of its own, several with one that quotes them all."""
    return isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)
