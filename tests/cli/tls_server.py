"""A PostgreSQL that listens on 127.0.0.1 and asks for passwords, and before it what offers TLS, as managed services do.

The embedded PostgreSQL is built without TLS, so a front takes it off.
"""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from civic.postgres import folders, programs

OWNER, PASSWORD, PLAIN, SHUT, CLOSED = "owner", "p@ss/w#rd", "plain", "shut", "closed"
ACCESS = f"local all postgres trust\nlocal all all scram-sha-256\nhost {CLOSED} all all reject\n"
ACCESS += "host all all 127.0.0.1/32 scram-sha-256\n"
STATEMENTS = (
    f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'",
    f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'",
    *(f"CREATE DATABASE {name} OWNER {OWNER}" for name in ("civic", "restored", PLAIN, CLOSED)),
    f"CREATE DATABASE {SHUT}",
)
FRONT = Path(__file__).with_name("tls_front.py")


@dataclass(frozen=True)
class TlsServer:
    """`certificate` is the one of the server, and of the authority that signed it: itself; its name is localhost."""

    port: int  # with TLS
    plain_port: int
    certificate: Path
    socket_folder: Path

    def url(self, database: str = "civic", *, user: str = OWNER, host: str = "localhost", **query: str) -> str:
        asked = "&".join(f"{name}={quote(text, safe='')}" for name, text in query.items())
        password = quote(PASSWORD, safe="")
        return f"postgresql://{user}:{password}@{host}:{self.port}/{database}" + (f"?{asked}" if asked else "")


@contextmanager
def tls_server(folder: Path) -> Iterator[TlsServer]:
    """The embedded PostgreSQL's programs with settings of their own. `folder` can be entered by every account."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate with")
    certificate, key = folder / "server.crt", folder / "server.key"
    _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate)
    with _postgres(folder) as (port, sockets), _front(port, certificate, key) as tls_port:
        yield TlsServer(tls_port, port, certificate, sockets)


def _run(*command: object, **more: object) -> None:
    words = [str(word) for word in command]
    if words[0] == "openssl":
        words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(words, check=True, capture_output=True, **more)  # type: ignore[call-overload]


@contextmanager
def _postgres(folder: Path) -> Iterator[tuple[int, Path]]:
    """Its port and the folder of its socket."""
    account = folders.account(folder, "nobody")
    tools = programs.runnable(programs.newest(), folder, account)
    data, sockets = folders.private(folder / "pg", account) / "data", folders.private(folder / "s", account)
    become = account.options()
    _run(tools / "initdb", "-D", data, "-U", "postgres", "--no-sync", "--encoding=UTF8", "--locale=C", **become)
    (data / "pg_hba.conf").write_text(ACCESS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={sockets} -c fsync=off"
    control = [tools / "pg_ctl", "-D", data, "-w"]
    _run(*control, "-l", data / "log", "-o", options, "start", **become)
    try:
        for statement in STATEMENTS:
            _run(tools / "psql", "-h", sockets, "-p", port, "-U", "postgres", "-c", statement, **become)
        yield port, sockets
    finally:
        _run(*control, "-m", "immediate", "stop", **become)


@contextmanager
def _front(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """The port at which TLS is spoken; what comes goes on to `port` without it."""
    command = [sys.executable, "-P", str(FRONT), str(port), str(certificate), str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
