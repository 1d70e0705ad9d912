"""`civic serve`: the web, and the workers beside it."""

import asyncio
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import civic
from civic import config as configuration
from civic import db, logs
from civic.cli.common import command_group, exit_on_signals
from civic.config import Config
from civic.database_errors import report_unreachable
from civic.errors import SetupError
from civic.privileges import check_root, leave_root

commands = command_group()
log = logs.get_logger(__name__)

ASKED = (128 + signal.SIGTERM, 128 + signal.SIGHUP)  # exit codes of being told to end
GRACE = 4  # seconds that requests in hand have when the program ends
LAST_WORD = 10  # seconds that workers have for the job in hand
LONGEST_WAIT = 60  # seconds at most between two starts of workers that keep ending
LONG_ENOUGH = 30  # seconds after which workers that end are started again at once


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Web processes.")] = None,
    workers: Annotated[bool, typer.Option(help="Run the workers beside the web.")] = True,
    demo: Annotated[bool, typer.Option("--demo", help="Make the demo city first, where no pack is loaded.")] = False,
    as_root: Annotated[bool, typer.Option("--as-root", help="Serve as root, if root starts it.")] = False,
) -> None:
    """Serve the web pages, and do the later work beside them."""
    for key, value in (("HOST", host), ("PORT", port), ("PROCESSES", processes)):
        if value is not None:
            os.environ[f"CIVIC_SERVER__{key}"] = str(value)  # so that every process reads the same
    config = configuration.load_config()
    check_root(config, allowed=as_root)
    leave_root(config, create=True)
    run(config, workers=workers, demo=demo)


def run(config: Config, *, workers: bool = True, demo: bool = False) -> None:
    """Serve until SIGINT or SIGTERM. Raises SetupError when the port or `var` is taken, or the database cannot be."""
    from civic.postgres.serve_lock import serve_lock

    logs.set_up_logging(config.server.log)
    address = f"http://{_shown(config.server.host)}:{config.server.port}"
    try:
        with exit_on_signals(), serve_lock(config.paths.var, address), _listening(config) as listener:
            with _database(config) as url:
                with report_unreachable(url):
                    empty = asyncio.run(_migrated(url))
                if demo and empty:
                    _make_demo()
                with _workers_beside() if workers else _nothing(), _announced(config, listener):
                    _serve_web(config, listener)
    except (SystemExit, KeyboardInterrupt) as asked:  # it was told to end, and has: that is no failure
        if isinstance(asked, SystemExit) and asked.code not in ASKED:
            raise


async def _migrated(url: str) -> bool:
    """Migrate if need be; whether no pack is loaded yet."""
    from civic.composition import install_hooks, migrate_if_needed

    install_hooks()
    await migrate_if_needed(url)
    async with db.connect(url, 2):
        return not await db.fetch("SELECT 1 FROM city")


def _make_demo() -> None:
    """`civic demo`, in a process of its own: it leaves nothing behind in this one. Raises SetupError."""
    done = subprocess.run([sys.executable, "-P", "-m", "civic", "demo"], env=_environment(), check=False)
    if done.returncode:
        raise SetupError("The demo city could not be made; the lines above say why.")


def _environment() -> dict[str, str]:
    """Ours, with the place where this program was found."""
    root = str(Path(civic.__file__).parent.parent)
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}


@contextmanager
def _database(config: Config) -> Iterator[str]:
    """The URL of the database; the embedded one is started again should even its supervisor be killed."""
    config.refuse_half_restored()
    if url := config.database.url.get_secret_value():
        yield url
        return
    from civic.postgres.server import acquire

    with acquire(config.paths.var) as handle, _again_and_again(handle.ensure):
        yield handle.url()


@contextmanager
def _again_and_again(what: Callable[[], None]) -> Iterator[None]:
    """Call `what` every other second in a thread, for as long as the block lasts."""
    stop = threading.Event()

    def call() -> None:
        while not stop.wait(2):
            try:
                what()
            except SetupError as error:
                log.error("database cannot be started again", why=str(error.message))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _shown(host: str) -> str:
    """The host as a browser here would write it."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # it is compared with, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host


@contextmanager
def _listening(config: Config) -> Iterator[socket.socket]:
    """The listening socket, bound before anything else is started. Raises SetupError if the port is taken."""
    host, port = config.server.host, config.server.port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)  # else two programs could bind the same port and the later one would fail later
    except (OSError, UnicodeError) as error:
        listener.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise SetupError(
            f"Port {port} of {host} is in use by another program. Stop that one, or choose another port: "
            "civic serve --port 8001, or CIVIC_SERVER__PORT=8001."
            if taken
            else f"Civic cannot listen on {host} port {port}: {error}"
        ) from error
    with listener:
        yield listener


def _serve_web(config: Config, listener: socket.socket) -> None:
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from civic.connections import BoundedProtocol, drop_unread_answers, raise_descriptor_limit

    raise_descriptor_limit()
    drop_unread_answers(listener)
    settings = uvicorn.Config(
        "civic.app:serve",
        factory=True,
        http=BoundedProtocol,
        workers=config.server.processes,
        log_config=None,
        log_level="info",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=config.server.trusted_proxies,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
    )
    if config.server.processes > 1:
        from civic import metrics  # here, as no other command needs what it imports

        metrics.prepare_folder(config.paths.var)
        several = Multiprocess(settings, sockets=[listener])
        several.run()
        _end_resource_tracker()
        if any(one.exitcode == STARTUP_FAILURE for one in several.processes):
            raise SetupError("The web processes could not start; the lines above say why.")
        return
    server = uvicorn.Server(settings)
    server.run(sockets=[listener])
    if not server.started:
        raise SetupError("The web program could not start; the lines above say why.")


def _end_resource_tracker() -> None:
    """End the helper that multiprocessing started beside the web processes: the command ends after all its children."""
    from multiprocessing import resource_tracker

    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]  # by itself it ends a little after us


# --- saying where it is ---------------------------------------------------------------------------------------------


@contextmanager
def _announced(config: Config, listener: socket.socket) -> Iterator[None]:
    """Print the address once the program answers there."""
    port = listener.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=_announce, args=(config.server.host, port, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _announce(host: str, port: int, stop: threading.Event) -> None:
    while not stop.wait(0.05):
        if _answers(_shown(host).strip("[]"), port):
            sys.stdout.write(f"Civic is at http://{_shown(host)}:{port}\n")
            sys.stdout.flush()
            return


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# --- the workers beside ---------------------------------------------------------------------------------------------


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _workers_beside() -> Iterator[None]:
    """`python -m workers` for as long as the block lasts; started again when it ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep_workers, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_workers(stop: threading.Event) -> None:
    wait = 0.0
    while not stop.wait(wait):
        started = time.monotonic()
        process = start_workers()
        while process.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            end_workers(process)
            return
        lasted = time.monotonic() - started
        wait = 0.5 if lasted > LONG_ENOUGH else min(max(wait * 2, 1.0), LONGEST_WAIT)
        log.error("workers ended, will be started again", code=process.returncode, seconds=wait)


def start_workers(*names: str, **more: Any) -> subprocess.Popen[bytes]:
    """The workers as a process of their own, which ends when its stdin does: with us, however we end."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "workers", "--while-stdin", *names],
        stdin=subprocess.PIPE,
        env=_environment(),
        **more,
    )


def end_workers(process: subprocess.Popen[bytes]) -> None:
    """Let them finish the job in hand; a job that takes too long is done again by the next workers."""
    process.terminate()
    try:
        process.wait(LAST_WORD)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin:
            process.stdin.close()
