"""The table of docs/benchmarks.md, “Web”: what many people ask for, beside a bare program on the same database.

    python -m benchmarks web [ROW …] [--against DIR] [--rounds N] [--seconds S]

Civic runs as `civic serve` with two web processes, the bare program (benchmarks/bare.py) with two as well; both are up
all the time and are asked in turn, ROUNDS times a row. `--against` names another checkout, whose Civic is asked in
turn too. All use copies of the databases of benchmarks/prepared.py. A run is marked with ~ where others took more than
NOISE of a core meanwhile. Processor time is that of the program's processes, user and system; PostgreSQL's stands
apart. Answers are asked for as they are, or with `--gzip` packed, as browsers do.
"""

import argparse
import os
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks import servers
from benchmarks.load import Ask, run_load
from benchmarks.prepared import ROOT, SMALL, WHOLE, Server, civic, digest, prepare, running_server
from benchmarks.rows import DISPATCHER, OFFICER, PASSWORD, ROWS, Known, Row, next_number
from benchmarks.servers import Program, StatementLog

NOISE = 0.15  # cores
COUNTED = 24  # requests of which the statements are counted
ROUTED = 500
INDEXED = 20_000

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
    load = run_load(program.address, asks, connections=row.connections, seconds=seconds, first=next_number())
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


def send(program: Program, asks: list[Ask]) -> None:
    """Ask one after another, each on a connection of its own. Raises SystemExit where one is refused."""
    first = next_number()
    with httpx2.Client(base_url=program.address, timeout=120, headers={"Connection": "close"}) as client:
        for number, ask in enumerate(asks, first):
            body = ask.body.replace(b"{n}", str(number).encode()) if ask.body else None
            client.cookies.clear()  # each is somebody else
            answer = client.request(ask.method, ask.path, headers=ask.headers, content=body)
            if answer.status_code >= 400:
                raise SystemExit(
                    f"{program.label}: {ask.method} {ask.path} answers {answer.status_code}: {answer.text}"
                )


def count_statements(program: Program, asks: list[Ask], log: StatementLog) -> tuple[float, float]:
    """Statements a request, once everything that is kept is there."""
    chosen = [asks[i * len(asks) // COUNTED] for i in range(COUNTED)]
    send(program, chosen)
    begin, end = (f"{word}-{secrets.token_hex(4)}" for word in ("begin", "end"))
    log.mark(begin)
    send(program, chosen)
    log.mark(end)
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
        run_load(one.address, asks[one.label], connections=row.connections, seconds=1, first=next_number())
    for _round in range(options.rounds):
        for one in asked:
            with ExitStack() as stack:
                if row.workers and one.label != "bare":
                    stack.enter_context(servers.running_workers(one))
                    time.sleep(3)  # they start
                results[one.label].runs.append(measure(one, asks[one.label], row, options.seconds * row.longer))
    return results


# --- what is no request ---------------------------------------------------------------------------------------------


def name_of(program: Program) -> str:
    """The name of its database."""
    return program.database.rpartition("/")[2].partition("?")[0]


def routing(program: Program, known: Known, server: Server) -> Iterator[str]:
    """Cases that wait while no worker runs, then one worker."""
    name = name_of(program)
    asks = asks_of(program, ROWS["post"], known)
    send(program, [asks[number % len(asks)] for number in range(ROUTED)])
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


WAITING = "{search_dirty,report_cell_change,pgqueuer}"  # what the import left for the workers, which empty them


def sizes(program: Program, _known: Known, server: Server) -> Iterator[str]:
    name = name_of(program)
    index, other, documents = (
        float(str(server.value(f"SELECT {what} FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace ="
                               f" 'public'::regnamespace AND {which} AND relname <> ALL('{WAITING}')", database=name)))
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


BEFORE_LOAD = {"sizes": sizes}  # what is posted later is not all in the index
AFTER_LOAD = {"routing": routing, "indexing": indexing, "memory": memory}
OTHERS = BEFORE_LOAD | AFTER_LOAD


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
        print_others(programs, known, [name for name in BEFORE_LOAD if name in chosen], server)
        print_load(programs, known, [name for name in ROWS if name in chosen], options, server)
        print_others(programs, known, [name for name in AFTER_LOAD if name in chosen], server)


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
