"""The table of docs/benchmarks.md, “Web”: what many people ask for, beside a bare program on the same database.

    python -m benchmarks web [ROW …] [--against DIR] [--rounds N] [--seconds S]

Civic runs as `civic serve` with two web processes, the bare program (benchmarks/bare.py) with two as well; both are up
all the time and are asked in turn, ROUNDS times a row. `--against` names another checkout, whose Civic is asked in
turn too. All use copies of the databases of benchmarks/prepared.py. A run is marked with ~ where others took more than
NOISE of a core meanwhile. Processor time is that of the program's processes, user and system; PostgreSQL's stands
apart. Answers are asked for as they are, or with `--gzip` packed, as browsers do.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import secrets
import statistics
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import httpx2
from PIL import Image

from benchmarks import servers
from benchmarks.load import Ask, run_load
from benchmarks.prepared import ROOT, SMALL, WHOLE, Server, civic, digest, prepare, running_server
from benchmarks.servers import Program, StatementLog

NOISE = 0.15  # cores
CONNECTIONS = 8
COUNTED = 24  # requests of which the statements are counted
ROUTED = 500
INDEXED = 20_000
PHOTO_BYTES = 1_900_000
DISPATCHER, OFFICER, PASSWORD = "dispatcher@bench.example", "officer@bench.example", "Pelican42-gate-harbour"
OFFICER_OPEN = 2_700  # open cases of the desk that the officer has, about
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}

_numbers = itertools.count(10_000_000, 10_000)  # for what has to differ from request to request; eight digits


class Known:
    """What the requests name, read once from the database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetch(sql, *args)
            finally:
                await connection.close()

        return asyncio.run(ask())

    @cached_property
    def reports(self) -> list[asyncpg.Record]:
        """200 public reports from all over the history."""
        return self.rows(
            "SELECT * FROM (SELECT r.id, r.lat, r.lon, left(p.text, 500) AS text, g.code,"
            " row_number() OVER (ORDER BY md5(r.id::text)) AS n FROM report r JOIN post p ON p.id = r.post_id"
            " JOIN category g ON g.id = r.category_id"
            " WHERE r.main AND p.visibility = 'public' AND r.id % (SELECT 1 + max(id) / 4000 FROM report) = 0"
            " AND length(p.text) > 20) x WHERE n <= 200"
        )

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Latitude and longitude of the place with most open cases."""
        row = self.rows(
            "SELECT avg(r.lat) AS lat, avg(r.lon) AS lon FROM case_file c JOIN report r ON r.case_id = c.id AND r.main"
            " WHERE c.status IN ('received', 'assigned', 'in_progress', 'waiting')"
            " GROUP BY round(r.lat::numeric, 2), round(r.lon::numeric, 2) ORDER BY count(*) DESC LIMIT 1"
        )[0]
        return row["lat"], row["lon"]

    @cached_property
    def categories(self) -> list[str]:
        rows = self.rows("SELECT code FROM category WHERE retired_at IS NULL AND public AND NOT photo_required"
                         " AND questions = '[]' ORDER BY id LIMIT 20")  # fmt: skip
        return [row["code"] for row in rows]

    @cached_property
    def officer_department(self) -> str:
        rows = self.rows(
            "SELECT d.slug FROM assignment a JOIN department d ON d.id = a.department_id WHERE a.ended_at IS NULL"
            " GROUP BY 1 ORDER BY abs(count(*) - $1) LIMIT 1", OFFICER_OPEN)  # fmt: skip
        return str(rows[0]["slug"])

    @cached_property
    def words(self) -> list[str]:
        with (ROOT / "tests" / "search" / "relevance.toml").open("rb") as file:
            return [query["text"] for query in tomllib.load(file)["query"]]

    def box(self, degrees: float) -> str:
        lat, lon = self.centre
        return f"{lon - degrees / 2:.5f},{lat - degrees / 3:.5f},{lon + degrees / 2:.5f},{lat + degrees / 3:.5f}"


# --- what is asked --------------------------------------------------------------------------------------------------


def home(_known: Known) -> list[Ask]:
    return [Ask("/")]


def listing(_known: Known) -> list[Ask]:
    return [Ask("/reports")]


def report(known: Known) -> list[Ask]:
    return [Ask(f"/reports/{row['id']}") for row in known.reports]


def whole_map(known: Known) -> list[Ask]:
    return [Ask(f"/map/points?bbox={known.box(0.6)}&zoom=11")]


def neighbourhood_map(known: Known) -> list[Ask]:
    return [Ask(f"/map/points?bbox={known.box(0.02)}&zoom=15")]


def close_maps(known: Known) -> list[Ask]:
    """The largest windows that a zoom allows and ordinary ones, each with several filters, one that nothing matches."""
    filters = [{}, {"status": "solved"}, {"status": "open"}, {"status": "declined"}, {"q": "street"}]
    filters += [{"category": known.categories[0]}, {"category": known.categories[0], "q": "xyzzy"}]
    windows = [(zoom, 11.0 / 2 ** (zoom - 10) * part) for zoom in range(14, 20) for part in (1, 0.2)]
    asks = [Ask("/map/points?" + urlencode({"bbox": known.box(degrees), "zoom": zoom} | one))
            for zoom, degrees in windows for one in filters]  # fmt: skip
    return [*asks, Ask("/map/points?bbox=-180,-85,180,85&zoom=19")]


def search(known: Known) -> list[Ask]:
    return [Ask("/search?" + urlencode({"q": words})) for words in known.words]


def desk(_known: Known) -> list[Ask]:
    return [Ask("/desk")]


def desk_search(known: Known) -> list[Ask]:
    words = ("water", "street", "light", "trash", "sign", "utca", "tree", "park")
    filters = ({"status": "open"}, {"category": known.categories[0]}, {"sort": "new"}, {"kind": "case"})
    return [Ask("/desk/search?" + urlencode({"q": word} | one)) for word in words for one in filters]


def _fields(known: Known) -> Iterator[dict[str, str]]:
    chosen = random.Random(1)
    for row in known.reports:
        yield {
            "text": f"{row['text']} ({{n}})",
            "category": chosen.choice(known.categories),
            "lat": f"{row['lat']:.5f}",
            "lon": f"{row['lon']:.5f}",
            "client_key": "bench-{n}",
        }


def form_posts(known: Known) -> list[Ask]:
    return [Ask("/reports", "POST", FORM, urlencode(one, safe="{}").encode()) for one in _fields(known)]


def json_posts(known: Known) -> list[Ask]:
    bodies = [one | {"lat": float(one["lat"]), "lon": float(one["lon"])} for one in _fields(known)]
    return [Ask("/reports", "POST", JSON, json.dumps(one).encode()) for one in bodies]


def photo_posts(known: Known) -> list[Ask]:
    """Four photos, each made another one for each request by a comment within the file."""
    asks = []
    for fields, seed in zip(_fields(known), range(4)):  # noqa: B905
        edge = secrets.token_hex(8)
        lines = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
                 for name, text in fields.items()]  # fmt: skip
        head = f'--{edge}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
        head = "".join(lines) + head + "Content-Type: image/jpeg\r\n\r\n"
        body = head.encode() + photo(seed) + f"\r\n--{edge}--\r\n".encode()
        asks.append(Ask("/reports", "POST", {"Content-Type": f"multipart/form-data; boundary={edge}"}, body))
    return asks


def photo(seed: int) -> bytes:
    """A JPEG of 4032 × 3024 and about PHOTO_BYTES, turned as a phone held upright turns it."""
    Image.effect_noise((8, 8), seed + 1)
    coarse = Image.merge("RGB", [Image.effect_noise((504, 378), spread + seed) for spread in (40, 60, 80)])
    fine = Image.effect_noise((4032, 3024), 12).convert("RGB")
    image = Image.blend(coarse.resize((4032, 3024), Image.Resampling.BICUBIC), fine, 0.3)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = next(one for quality in range(90, 20, -4) if len(one := _jpeg(image, quality, exif)) < PHOTO_BYTES)
    return data[:2] + b"\xff\xfe\x00\x0a{n}" + data[2:]  # the comment has eight digits where the number stands


def _jpeg(image: Image.Image, quality: int, exif: Image.Exif) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


@dataclass(frozen=True)
class Row:
    """What is measured under load. `bare`: the bare program has this too; `as_who`: whose session the requests have."""

    title: str
    goal: str
    asks: Callable[[Known], list[Ask]]
    connections: int = CONNECTIONS
    bare: bool = False
    workers: bool = False
    as_who: str = ""


ROWS = {
    "home": Row("home", "1,500 /s", home),
    "list": Row("public list of 24", "1,500 /s, 20 kB", listing, bare=True),
    "report": Row("a report's page", "900 /s, 6 statements", report, bare=True),
    "map": Row("map, whole city", "4,000 /s", whole_map, bare=True),
    "neighbourhood": Row("map, a neighbourhood", "1,000 /s", neighbourhood_map, bare=True),
    "close": Row("map, zoom 14 to 19, any window and filter, one at a time", "30 ms, 30 kB", close_maps, connections=1),
    "desk": Row("desk, about 2,700 open", "500 /s", desk, as_who=OFFICER),
    "desk-all": Row("desk, all open cases", "500 /s", desk, as_who=DISPATCHER),
    "desk-search": Row("desk search with filters", "200 /s", desk_search, as_who=DISPATCHER),
    "search": Row("search page", "250 /s", search),
    "post": Row("post by form, one at a time", "250 /s, 12 statements", form_posts, 1, bare=True, workers=True),
    "post-32": Row("post by form, 32 at once", "300 /s", form_posts, 32, bare=True, workers=True),
    "post-json": Row("post by JSON, 32 at once", "300 /s", json_posts, 32, workers=True),
    "photo": Row("post with a photo of 12 MP, 1.9 MB, 8 at once", "15 /s", photo_posts, 8, workers=True),
}


# --- a run ----------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    rate: float
    cpu: float  # milliseconds a request
    database_cpu: float
    p50: float  # milliseconds
    p99: float
    refused: int
    foreign: float  # cores


@dataclass
class Result:
    runs: list[Run] = field(default_factory=list)
    plain: int = 0  # bytes
    packed: int = 0
    statements: tuple[float, float] | None = None  # and those that frame others

    def line(self, title: str, label: str, goal: str) -> str:
        rates = sorted(run.rate for run in self.runs)
        middle = sorted(self.runs, key=lambda run: run.rate)[len(self.runs) // 2]
        marks = "~" * sum(run.foreign > NOISE for run in self.runs)
        refused = sum(run.refused for run in self.runs)
        counted = f"{self.statements[0]:.1f} + {self.statements[1]:.1f}" if self.statements else "–"
        cells = (
            title + (f" ({refused} REFUSED)" if refused else ""),
            label,
            f"{rates[0]:,.0f} / {statistics.median(rates):,.0f} / {rates[-1]:,.0f} {marks}".strip(),
            f"{middle.p50:.1f} / {middle.p99:.1f}",
            f"{min(run.cpu for run in self.runs):.2f}",
            f"{min(run.database_cpu for run in self.runs):.2f}",
            f"{self.plain / 1000:.1f} / {self.packed / 1000:.1f}" if self.plain else "–",
            counted,
            goal,
        )
        return "| " + " | ".join(cells) + " |"


HEAD = """\
| what | program | requests/s: min / median / max | p50 / p99, ms | CPU, ms | PostgreSQL's, ms | kB: whole / packed | \
statements + frames | goal |
|---|---|---|---|---|---|---|---|---|"""


def measure(program: Program, asks: list[Ask], row: Row, seconds: float) -> Run:
    """One time of requests. Counts what others took of the machine meanwhile."""
    ours, machine = servers.our_seconds(), servers.machine_seconds()
    taken, database, began = program.processor(), servers.tree_seconds(servers.postmaster()), time.monotonic()
    load = run_load(program.address, asks, connections=row.connections, seconds=seconds, first=next(_numbers))
    while_running = time.monotonic() - began
    count = max(load.requests, 1)
    taken, database = program.processor() - taken, servers.tree_seconds(servers.postmaster()) - database
    foreign = (servers.machine_seconds() - machine) - (servers.our_seconds() - ours)
    return Run(
        load.rate, taken / count * 1000, database / count * 1000, load.p50, load.p99,
        load.refused + load.broken, max(foreign, 0) / while_running,
    )  # fmt: skip


def asks_of(program: Program, row: Row, known: Known, encoding: str = "identity") -> list[Ask]:
    headers = {"Accept-Encoding": encoding, "Accept": "text/html"}
    if row.as_who:
        headers |= {"Cookie": program.cookies[row.as_who], "Sec-Fetch-Site": "same-origin"}
    return [Ask(one.path, one.method, headers | one.headers, one.body) for one in row.asks(known)]


def weigh(program: Program, asks: list[Ask], result: Result) -> None:
    """The bytes of an answer, whole and packed: the median of some."""
    if asks[0].method != "GET":
        return
    with httpx2.Client(base_url=program.address, timeout=60) as client:
        for encoding in ("identity", "gzip"):
            sizes = []
            for ask in asks[:: max(len(asks) // 12, 1)]:
                with client.stream("GET", ask.path, headers=ask.headers | {"Accept-Encoding": encoding}) as answer:
                    sizes.append(sum(map(len, answer.iter_raw())))
                    if answer.status_code != 200:
                        raise SystemExit(f"{program.label}: {ask.path} answers {answer.status_code}")
            setattr(result, "plain" if encoding == "identity" else "packed", int(statistics.median(sizes)))


def count_statements(program: Program, asks: list[Ask], log: StatementLog) -> tuple[float, float]:
    """Statements a request, once everything that is kept is there."""
    chosen = [asks[i * len(asks) // COUNTED] for i in range(COUNTED)]
    with httpx2.Client(base_url=program.address, timeout=60) as client:
        for again in (False, True):
            begin, end = (f"{word}-{secrets.token_hex(4)}" for word in ("begin", "end"))
            log.mark(begin)
            for ask in chosen:
                number = str(next(_numbers)).encode()
                body = ask.body.replace(b"{n}", number) if ask.body else None
                client.request(ask.method, ask.path, headers=ask.headers, content=body)
            log.mark(end)
            if again:
                sent, frames = log.count(program.application, begin, end)
    return sent / COUNTED, frames / COUNTED


def run_row(
    programs: list[Program], row: Row, known: dict[str, Known], options: argparse.Namespace
) -> dict[str, Result]:
    """Every program in turn, as often as there are rounds."""
    asked = [one for one in programs if row.bare or one.label != "bare"]
    results = {one.label: Result() for one in asked}
    asks = {one.label: asks_of(one, row, known[one.database], "gzip" if options.gzip else "identity") for one in asked}
    for one in asked:
        weigh(one, asks[one.label], results[one.label])
        run_load(one.address, asks[one.label], connections=row.connections, seconds=1, first=next(_numbers))
    for _round in range(options.rounds):
        for one in asked:
            with ExitStack() as stack:
                if row.workers and one.label != "bare":
                    stack.enter_context(servers.running_workers(one))
                    time.sleep(3)  # they start
                results[one.label].runs.append(measure(one, asks[one.label], row, options.seconds))
    return results


# --- what is no request ---------------------------------------------------------------------------------------------


def name_of(program: Program) -> str:
    """The name of its database."""
    return program.database.rpartition("/")[2].partition("?")[0]


def routing(program: Program, known: Known, server: Server) -> Iterator[str]:
    """Cases that wait while no worker runs, then one worker."""
    name = name_of(program)
    asks = asks_of(program, ROWS["post"], known)
    with httpx2.Client(base_url=program.address, timeout=60) as client:
        for number in range(ROUTED):
            ask = asks[number % len(asks)]
            body = ask.body.replace(b"{n}", str(next(_numbers) + number).encode())
            client.request(ask.method, ask.path, headers=ask.headers, content=body).raise_for_status()
    before = server.value("SELECT max(id) FROM case_event", database=name)
    with servers.running_workers(program, "route"):
        until = time.monotonic() + 120
        while server.value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'route'", database=name):
            if time.monotonic() > until:
                raise SystemExit("routing does not end")
            time.sleep(0.1)
    rate = server.value(
        "SELECT (count(*) - 1) / nullif(extract(epoch FROM max(at) - min(at)), 0) FROM case_event WHERE id > $1",
        before, database=name,
    )  # fmt: skip
    yield f"| routing, {ROUTED} waiting cases, one worker | {program.label} | {float(str(rate)):,.0f} a second | 500 |"


def indexing(program: Program, _known: Known, server: Server) -> Iterator[str]:
    """Posts whose titles change, then the worker that indexes."""
    name = name_of(program)
    waiting = "SELECT count(*) FROM search_dirty"
    with servers.running_workers(program, "index"):
        while server.value(waiting, database=name):
            time.sleep(0.2)
    server.run(
        "UPDATE post SET title = title || ' ' WHERE id IN (SELECT id FROM post WHERE kind = 'report' AND"
        f" visibility = 'public' ORDER BY id LIMIT {INDEXED})",
        database=name,
    )
    marks = int(str(server.value(waiting, database=name)))
    began = None
    with servers.running_workers(program, "index") as worker:
        while left := int(str(server.value(waiting, database=name))):
            if began is None and left < marks:
                began, first, cpu = time.monotonic(), left, servers.tree_seconds(worker.pid)
            time.sleep(0.02)
        taken = time.monotonic() - (began or 0)
        cpu = servers.tree_seconds(worker.pid) - cpu
    yield (
        f"| marks worked off a second, one worker ({marks:,} marks of {INDEXED:,} posts) | {program.label} |"
        f" {first / taken:,.0f} a second, {cpu / first * 1e6:,.0f} µs CPU a mark | 5,000 documents |"
    )


def sizes(program: Program, _known: Known, server: Server) -> Iterator[str]:
    name = name_of(program)
    index, other, documents = (
        float(str(server.value(f"SELECT {what} FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace ="
                               f" 'public'::regnamespace AND {which}", database=name)))
        for what, which in (
            ("sum(pg_total_relation_size(oid))", "relname LIKE 'search_%'"),
            ("sum(pg_total_relation_size(oid))", "relname NOT LIKE 'search_%'"),
            ("sum(reltuples)", "relname IN ('search_document', 'search_desk_document')"),
        )
    )  # fmt: skip
    reports = int(str(server.value("SELECT count(*) FROM report", database=name)))
    yield (
        f"| index: bytes a report ({reports:,} reports, {documents:,.0f} documents) | {program.label} |"
        f" {index / reports:,.0f} | 1,500 |"
    )
    yield f"| everything else: bytes a report | {program.label} | {other / reports:,.0f} | 3,400 |"


def memory(program: Program, _known: Known, _server: Server) -> Iterator[str]:
    found = ", ".join(f"{one / 1e6:.0f}" for one in program.memory())
    yield f"| web processes after all of it, MB (PSS) | {program.label} | {found} | 130 |"


OTHERS = {"sizes": sizes, "routing": routing, "indexing": indexing, "memory": memory}


# --- all of it ------------------------------------------------------------------------------------------------------


def start_programs(stack: ExitStack, server: Server, checkouts: dict[str, Path], size: str) -> list[Program]:
    """Civic of each checkout and the bare program, on copies of the kept databases; staff signed in."""
    programs, copies = [], {}
    for label, checkout in checkouts.items():
        tables = digest(checkout)
        if tables not in copies:
            copies[tables] = f"run_{tables}_{os.getpid()}"
            server.copy(prepare(server, checkout, size), copies[tables])
            stack.callback(server.drop, copies[tables])
            url = server.url(copies[tables])
            department = Known(url).officer_department
            civic(checkout, url, "user", "add", DISPATCHER, "--role", "dispatcher", "--password-stdin", given=PASSWORD)
            civic(checkout, url, "user", "add", OFFICER, "--role", "agent", "--department", department,
                  "--password-stdin", given=PASSWORD)  # fmt: skip
        programs.append(stack.enter_context(servers.running_civic(label, checkout, server.url(copies[tables]))))
        for email in (DISPATCHER, OFFICER):
            programs[-1].sign_in(email, PASSWORD)
    return [stack.enter_context(servers.running_bare(programs[0].database)), *programs]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks web", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of: {' '.join([*ROWS, *OTHERS])}")
    parser.add_argument("--against", type=Path, help="another checkout, asked in turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gzip", action="store_true", help="ask for packed answers")
    parser.add_argument("--small", action="store_true", help="Budapest alone")
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    chosen = options.rows or [*ROWS, *OTHERS]
    if unknown := set(chosen) - {*ROWS, *OTHERS}:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    checkouts = {"civic": ROOT} | ({"before": options.against.resolve()} if options.against else {})
    with ExitStack() as stack:
        server = stack.enter_context(running_server())
        programs = start_programs(stack, server, checkouts, SMALL if options.small else WHOLE)
        known = {one.database: Known(one.database) for one in programs}
        print(f"{len(checkouts)} Civic, {options.rounds} rounds of {options.seconds:g} s;"
              f" {name_of(programs[0])}", flush=True)  # fmt: skip
        print_load(programs, known, [name for name in ROWS if name in chosen], options, server)
        print_others(programs, known, [name for name in OTHERS if name in chosen], server)


def print_load(
    programs: list[Program], known: dict[str, Known], names: list[str], options: argparse.Namespace, server: Server
) -> None:
    print(HEAD if names else "", flush=True)
    for name in names:
        row = ROWS[name]
        results = run_row(programs, row, known, options)
        with StatementLog(server) as log:
            for one in programs:
                if one.label in results:
                    found = results[one.label]
                    found.statements = count_statements(one, asks_of(one, row, known[one.database]), log)
                    print(found.line(row.title, one.label, row.goal), flush=True)


def print_others(programs: list[Program], known: dict[str, Known], names: list[str], server: Server) -> None:
    print("\n| what | program | figure | goal |\n|---|---|---|---|" if names else "", flush=True)
    for name in names:
        for one in programs:
            if one.label != "bare":
                for line in OTHERS[name](one, known[one.database], server):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
