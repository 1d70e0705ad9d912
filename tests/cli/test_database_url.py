"""`database.url` as a managed service hands it out, on a real server with TLS; what is said where it does not work."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from civic.config import Config
from civic.database_url import read_database_url
from tests.cli.tls_server import CLOSED, PASSWORD, PLAIN, SHUT, TlsServer, tls_server
from tests.live import ROOT, command


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    folder = Path(tempfile.mkdtemp(prefix="civic-tls-", dir="/tmp"))  # a socket's path is short
    folder.chmod(0o755)
    try:
        with tls_server(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder)


def refused(tmp_path: Path, url: str, *arguments: str) -> str:
    """What a command says on stderr, which ends with 2; never a traceback, never the password."""
    with pytest.raises(RuntimeError, match="ended with 2") as failed:
        command(tmp_path / "var", url, *(arguments or ("user", "list")))
    said = str(failed.value)
    assert "Traceback" not in said
    assert PASSWORD not in said
    return said.partition("\n")[2]


def test_an_address_of_a_managed_service_works(tmp_path: Path, server: TlsServer) -> None:
    url = server.url(sslmode="require", channel_binding="require", connect_timeout="15")
    assert "Applied" in command(tmp_path, url, "migrate")
    verified = server.url(sslmode="verify-full", sslrootcert=str(server.certificate))
    for address in (url, verified, url.replace("postgresql:", "postgres:")):
        assert "Nobody yet." in command(tmp_path, address, "user", "list")
    local = (
        f"postgres:///civic?host={server.socket_folder}&port={server.plain_port}&user=owner&password=p%40ss%2Fw%23rd"
    )
    assert "Nobody yet." in command(tmp_path, local, "user", "list")


def test_it_is_backed_up_and_restored_over_tls(tmp_path: Path, server: TlsServer) -> None:
    """pg_dump and psql, as they come with Civic, have no TLS of their own."""
    verified = {"sslmode": "verify-full", "sslrootcert": str(server.certificate)}
    command(tmp_path / "var", server.url(sslmode="require"), "load", str(ROOT / "civic" / "demo" / "pack"))
    for name, query in (("one", {"sslmode": "require"}), ("two", verified), ("three", {})):
        command(tmp_path / "var", server.url(**query), "backup", str(tmp_path / name))
    said = command(tmp_path / "other", server.url("restored", **verified), "restore", str(tmp_path / "two"))
    assert "Rows as in the backup" in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sslmode": "verify-full"}, "The certificate of localhost:{port} is not trusted (sslmode=verify-full)"),
        ({"sslmode": "verify-full", "sslrootcert": "/nowhere.crt"}, "(/nowhere.crt) cannot be read"),
        ({"sslmode": "requires"}, "database.url: Its sslmode is 'requires': it is one of disable, allow"),
        ({"sslmod": "require"}, "database.url: It has 'sslmod', which Civic does not know: take it away. Did you mean"),
    ],
)
def test_what_is_wrong_with_tls_is_a_sentence(
    tmp_path: Path, server: TlsServer, query: dict[str, str], said: str
) -> None:
    assert said.format(port=server.port) in refused(tmp_path, server.url(**query))


def test_the_name_in_the_certificate_counts_for_verify_full_alone(tmp_path: Path, server: TlsServer) -> None:
    url = server.url(host="127.0.0.1", sslmode="verify-full", sslrootcert=str(server.certificate))
    assert "is not trusted" in refused(tmp_path, url)
    known = server.url("other", host="127.0.0.1", sslmode="verify-ca", sslrootcert=str(server.certificate))
    assert "has no database 'other'" in refused(tmp_path, known)


def test_a_server_that_offers_no_tls(tmp_path: Path, server: TlsServer) -> None:
    url = server.url(sslmode="require").replace(str(server.port), str(server.plain_port))
    assert "offers no TLS, which sslmode=require of database.url asks for." in refused(tmp_path, url)
    assert "has no database 'other'" in refused(tmp_path, url.replace("require", "prefer").replace("civic", "other"))


def test_each_way_to_be_refused_is_a_sentence(tmp_path: Path, server: TlsServer) -> None:
    assert "has no database 'other'. Make it: CREATE DATABASE other OWNER owner;" in refused(
        tmp_path, server.url("other")
    )
    wrong = server.url().replace("p%40ss", "wrong")
    assert "refuses the account owner with this password" in refused(tmp_path, wrong)
    assert "refuses the account owner: pg_hba.conf rejects" in refused(tmp_path, server.url(CLOSED))
    for arguments in (("migrate",), ("load", "civic/demo/pack"), ("demo",), ("serve", "--port", "0", "--as-root")):
        said = refused(tmp_path, server.url(SHUT, user="guest"), *arguments)
        assert "permission denied for schema public" in said
        assert "ALTER DATABASE shut OWNER TO guest;" in said
    assert "No PostgreSQL answers at 127.0.0.1:1, port 1." in refused(tmp_path, "postgres://u:p@127.0.0.1:1/civic")
    assert "No PostgreSQL has its socket in /nowhere." in refused(tmp_path, "postgres:///civic?host=/nowhere")


def test_a_database_without_tables_is_left_alone(tmp_path: Path, server: TlsServer) -> None:
    """Only serve, load, demo and migrate make what is not there."""
    for arguments in (("user", "list"), ("scores", "publish", "2025"), ("search", "check")):
        said = refused(tmp_path, server.url(PLAIN), *arguments)
        assert "The database plain at localhost:" in said
        assert "has nothing of Civic in it. civic load PACK makes one" in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:p@h/d", "It begins with mysql://"),
        ("host=h dbname=d", "It is no address"),
        ("postgres://u:p@ss@h/d", "%40 %2F %23"),
        ("postgres://u:p/ss@h/d", "%40 %2F %23"),
        ("postgres://u:p#ss@h/d", "%40 %2F %23"),
        ("postgres://u:p?ss@h/d", "%40 %2F %23"),
        ("postgres://u:50%@h/d", "%40 %2F %23"),
        ("postgres://u:p@h:x/d", "Its port is no number"),
        ("postgres://u:p@h1,h2/d", "several hosts"),
        ("postgres://u:p@h/d?connect_timeout=soon", "connect_timeout is no number"),
    ],
)
def test_an_address_that_cannot_be_read(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"database|It|Characters|Its") as raised:
        Config.model_validate({"database": {"url": url}})
    assert said in str(raised.value.errors()[0]["msg"])  # type: ignore[attr-defined]


def test_an_address_is_read_whole() -> None:
    address = read_database_url("postgresql://a%40b:p%40%2F%23%25@db.example:6432/c%20d?sslmode=require")
    assert (address.user, address.password, address.database) == ("a@b", "p@/#%", "c d")
    assert (str(address), address.ssl_mode) == ("db.example:6432", "require")
    assert "p@" not in repr(address)
