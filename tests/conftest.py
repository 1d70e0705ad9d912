"""One PostgreSQL for a whole test run; each worker has a database of it, emptied before each test.

The server is the embedded one (tests/server.py), whose data stays in .venv/cache, or the one that
CIVIC_TEST_DATABASE_URL names: the URL of an existing database whose user may create others.
"""

import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

# Compiled tests and their rewritten assertions stay in .venv/cache, whatever PYTHONDONTWRITEBYTECODE says: a third of
# the time in which a run starts. So does the compiled program, which tests start hundreds of times.
sys.dont_write_bytecode = False
sys.pycache_prefix = str(Path(__file__).parents[1] / ".venv" / "cache" / "bytecode")
os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from civic import cache, erasures, signing
from civic.accounts.models import Role
from civic.composition import install_hooks
from civic.config import Config, DatabaseConfig, PathsConfig
from civic.db import connect
from tests import chromium
from tests.builders.documents import KEPT, keep_documents
from tests.clients import Client, make_user
from tests.databases import EMPTY, Databases, Template, emptying
from tests.live import Live, command, serving
from tests.statements import Statements, counting

if TYPE_CHECKING:
    from playwright.async_api import Browser

EXTERNAL = os.environ.get("CIVIC_TEST_DATABASE_URL", "")
FOLDER = "CIVIC_TEST_FOLDER"  # made by the first process, inherited by xdist's workers
PREFIX = "civic-tests-"
LOCK = "run.lock"  # of a run's folder; held for as long as the run lives
CACHE = Path(__file__).parents[1] / ".venv" / "cache"
# Its posts are so many minutes old, and some of them expire.
CITY = Template(
    "city",
    lambda url, folder: command(folder, url, "demo"),
    sources=("civic.cli.demo", "civic/demo", "civic/locale"),
    seconds=30 * 60,
    base=EMPTY,
)
# Whole programs are started and killed here, cities imported, histories walked: seconds each.
SLOW = (
    "tests/backups/test_cut_off.py",
    "tests/backups/test_restore.py",
    "tests/packs/test_demo_pack.py",
    "tests/packs/test_real_packs.py",
    "tests/cases/test_reminders.py::test_workers_killed_in_the_middle",
    "tests/cases/test_walks.py",
    "tests/cli/test_database_url.py",
    "tests/cli/test_search.py",
    "tests/cli/test_serve.py",
    "tests/imports/",
    "tests/media/test_samples.py",
    "tests/postgres/",
    "tests/scores/test_publish_db.py",
    "tests/scores/test_verify.py",
    "tests/search/test_relevance.py",
    "tests/test_budapest.py",
    "tests/test_migrations.py",
    "tests/workers/",
)
RUN_LOCK = pytest.StashKey[int]()
LOOPBACK = ("127.", "::1", "localhost")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(CACHE / "hypothesis"))
    sys.addaudithook(_only_loopback)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as on Ctrl-C: servers stop, files go
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background; programs would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        _remove_dead_runs()
        folder = tempfile.mkdtemp(prefix=PREFIX)
        os.chmod(folder, 0o755)  # root's server runs as another account, which has to enter
        os.environ[FOLDER] = folder
        config.stash[RUN_LOCK] = lock = os.open(Path(folder, LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        config.option.basetemp = config.option.basetemp or Path(folder, "tmp")  # removed with the rest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What is there now stays to the end: the collector of garbage looks at what tests make, not at 350,000 more."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER))
        os.close(config.stash[RUN_LOCK])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last what could not be tested here, and why."""
    yield
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("NOT TESTED HERE", yellow=True)
        for reason, number in reasons.most_common():
            terminalreporter.line(f"{number:5}  {reason}")


def _remove_dead_runs() -> None:
    """Remove what runs that were killed left among the temporary files."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), path.open("r+") as file:  # somebody else's, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


def _only_loopback(event: str, args: tuple[object, ...]) -> None:
    """Tests talk to this machine only."""
    if event not in ("socket.connect", "socket.sendto") or not isinstance(args[1], tuple):
        return
    if not str(args[1][0]).startswith(LOOPBACK):
        raise PermissionError(f"a test tried to reach {args[1]}")


# --- the database ------------------------------------------------------------


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """What this process makes on the test server."""
    folder = Path(os.environ[FOLDER])
    run, worker = folder.name.removeprefix(PREFIX), os.environ.get("PYTEST_XDIST_WORKER", "gw")
    if EXTERNAL:
        parts = urlsplit(EXTERNAL)
        url = lambda name: urlunsplit(parts._replace(scheme="postgres", path=f"/{name}"))  # noqa: E731
        with Databases(url, EXTERNAL, folder, run, worker, keep=False) as made:
            yield made
        return
    from tests.server import running  # the wheel is not needed where a server is named

    with (
        running(folder) as server,
        Databases(server.handle.url, server.handle.url("postgres"), server.folder, run, worker, keep=True) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def make_database(databases: Databases) -> Callable[..., str]:
    """A function that makes a database without rows and gives its URL: `make(name)`, `make(name, migrated=False)`."""
    install_hooks()  # migrating makes triggers of what is registered

    def make(name: str, *, migrated: bool = True) -> str:
        return databases.copy(name, EMPTY)[0] if migrated else databases.make(name)

    return make


@pytest.fixture(scope="session")
def make_city(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """A function that gives the made-up city, as `civic demo` makes it: its folder, and the URL of its database."""

    def make(name: str) -> tuple[Path, str]:
        url, folder = databases.copy(name, CITY)
        return shutil.copytree(folder, tmp_path_factory.mktemp(name) / "var"), url

    return make


@pytest.fixture(scope="session")
def database_dsn(make_database: Callable[..., str]) -> str:
    """The URL of this worker's database, for asyncpg and Tortoise; `empty_database` gives it emptied."""
    return make_database("main")


@pytest.fixture(scope="session")
async def empty(database_dsn: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that empties this worker's database. A folder whose tests share rows has one of its own."""
    async with emptying(database_dsn) as empty:
        yield empty


@pytest.fixture
async def empty_database(database_dsn: str, empty: Callable[[], Awaitable[None]]) -> str:
    """The URL of this worker's database, empty but for its schema; Tortoise is not connected to it."""
    await empty()
    cache.clear_caches()
    return database_dsn


@pytest.fixture(autouse=True)
def forget_made_up_documents() -> Iterator[None]:
    """What a test put into the index without posts is shown in no other one."""
    yield
    KEPT.clear()


@pytest.fixture
async def database(empty_database: str, tmp_path: Path) -> AsyncIterator[str]:
    """Tortoise is connected to this worker's database, which is empty. Gives its URL."""
    install_hooks()
    signing.set_key(lambda: b"the key of the tests")
    erasures.set_log(tmp_path)
    async with connect(empty_database, pool=5):
        yield empty_database


# --- the program -------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, database_dsn: str) -> Config:
    """The defaults, writing under this test's own folder and using this worker's database."""
    return Config(paths=PathsConfig(var=tmp_path / "var"), database=DatabaseConfig(url=database_dsn))


@pytest.fixture
async def new_client(config: Config, database: str) -> AsyncIterator[Callable[[], Client]]:
    """A function that gives one more browser at the same program."""
    from civic.app import create_app  # here, as it imports every view, and most runs need few

    app = create_app(config)  # its lifespan does not run: it would connect to the database once more
    keep_documents(())  # it registers the subjects, which forget what was put into the index before
    async with AsyncExitStack() as stack:
        opened = list[Client]()

        def open_one() -> Client:
            opened.append(Client(app))
            stack.push_async_callback(opened[-1].aclose)
            return opened[-1]

        yield open_one


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    """Somebody who has not signed in."""
    return new_client()


@pytest.fixture
async def citizen(new_client: Callable[[], Client]) -> Client:
    """A resident: the owner of what a test is about."""
    return await new_client().sign_in(await make_user("citizen@example.org", name="Ana"))


@pytest.fixture
async def stranger(new_client: Callable[[], Client]) -> Client:
    """Another resident, who must be refused."""
    return await new_client().sign_in(await make_user("stranger@example.org", name="Bo"))


@pytest.fixture
async def agent(new_client: Callable[[], Client]) -> Client:
    """Somebody who works for a department; for none until `await agent.join(department_id)`."""
    return await new_client().sign_in(await make_user("agent@example.org", Role.AGENT, name="Cleo"))


@pytest.fixture
async def dispatcher(new_client: Callable[[], Client]) -> Client:
    return await new_client().sign_in(await make_user("dispatcher@example.org", Role.DISPATCHER, name="Dan"))


@pytest.fixture
async def admin(new_client: Callable[[], Client]) -> Client:
    return await new_client().sign_in(await make_user("admin@example.org", Role.ADMIN, name="Eva"))


@pytest.fixture(scope="session")
def live_server(make_city: Callable[[str], tuple[Path, str]]) -> Iterator[Live]:
    """`civic serve` with its workers and the made-up city, in a process and a database of its own."""
    with serving(*make_city("live")) as live:
        yield live


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """A Chromium. A test opens a context of its own: language, width, with or without JavaScript."""
    from playwright.async_api import async_playwright  # here, as most runs need none

    if chromium.skipped():
        pytest.skip(f"{chromium.SETTING}=skip")
    found = chromium.find()
    if not found and not chromium.must_be_there():
        pytest.skip(f"no Chromium here, and none could be installed; {chromium.SETTING}=/path/to/chromium names one")
    assert found, f"No Chromium here. `make test` installs one. {chromium.HOW_TO_SKIP}"
    if node := chromium.find_node():
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = node  # Playwright's own does not start everywhere
    async with async_playwright() as playwright:
        # Its sandbox does not run as root, and /dev/shm is small in containers.
        browser = await playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def count_queries() -> Callable[[], AbstractContextManager[Statements]]:
    """`with count_queries() as statements:` … `len(statements)`, or their texts: `statements.texts`."""
    return counting


@pytest.fixture(scope="session")
def data() -> Path:
    """Real data that is no part of the project: CIVIC_TEST_DATA, else ../shared/data."""
    folder = Path(os.environ.get("CIVIC_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder}; CIVIC_TEST_DATA says where it is")
    return folder
