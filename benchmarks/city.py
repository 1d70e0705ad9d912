"""A city of any size: many reports made from the real ones, and what stays flat as they grow.

    python -m benchmarks city [--sizes 26000 116000 1000000] [--rows ROW …] [--rounds N] [--seconds S] [--keep]

The rows are those of `python -m benchmarks web`. Each further copy of the real reports is made within PostgreSQL, a
transaction a copy, so it takes neither memory nor a file, and what was stopped goes on where it was. A copy has other
times, places, texts, numbers and categories; its cases, clocks, assignments and events, and its rows of the index, go
with it, and it gets comments and votes. Hashes of events are those of the real ones, so proofs of copies do not hold.

For each size the table tells the rate and the processor time of a request, the database's included, and both in
proportion to those of the smallest size (more is better; the goal is 0.85). Then come the tables that were read from
end to end, and the slowest statement, with its plan, of each row that does not stay flat.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers
from benchmarks.prepared import ROOT, SMALL, Server, civic, digest, prepare, running_server
from benchmarks.rows import DISPATCHER, OFFICER, PASSWORD, ROWS, Known
from benchmarks.servers import Program, StatementLog
from benchmarks.web import Result, asks_of, run_row, send

GOAL = 0.85
SMALLEST_TABLE = 10_000  # rows; a small table is best read whole
SCORED_YEAR = "2024"
TABLES = (
    "post", "clock", "case_file", "report", "assignment", "case_event",
    "search_document", "search_desk_document",
)  # fmt: skip
STEP = 2**19  # ids of a copy follow those of the copy before by this; a multiple of what the index samples by

COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type,
       (SELECT confrelid::regclass::text FROM pg_constraint f
        WHERE f.contype = 'f' AND f.conrelid = a.attrelid AND f.conkey = ARRAY[a.attnum]) AS leads
FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
# What is not copied as it is: k is the number of the copy, t the row. A digest of both chooses, so that it is the same
# whenever it is made.
SHIFT = "make_interval(days => {k} * 9, mins => {k} * 77 % 1440)"  # copies lie one behind the other, and mixed
DIGEST = "abs(hashint8extended(t.id, {k}))"
CHANGES = {
    ("post", "source"): "t.source || '+{k}'",
    ("post", "receipt_hash"): "NULL",
    ("post", "client_key"): "NULL",
    ("post", "text"): f"t.text || ' ({{k}}-' || {DIGEST} % 9999 || ')'",
    ("case_file", "number"): "t.number || '-{k}'",
    ("report", "lat"): f"t.lat + ({DIGEST} % 2000 - 1000) * 4e-6",
    ("report", "lon"): f"t.lon + ({DIGEST} / 2000 % 2000 - 1000) * 6e-6",
    ("search_document", "words"): f"t.words || to_tsvector('simple', {DIGEST} % 9999 || ' ' || {DIGEST} % 500000)",
    ("search_desk_document", "words"): f"t.words || to_tsvector('simple', {DIGEST} % 9999 || ' ' || {DIGEST} % 500000)",
}
CATEGORY = "coalesce((SELECT m.other FROM bench_category m WHERE m.id = t.{name} AND {k} % 3 = 0), t.{name})"
INDEXES = """
SELECT c.oid::regclass::text AS name, pg_get_indexdef(c.oid) AS definition
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY($1::text[]::regclass[]) AND NOT i.indisunique
"""
COMMENTS = """
INSERT INTO comment (suggestion, text, created_at, held, author_id, post_id)
SELECT p.id % 7 = 0, left(p.text, 200), p.created_at + interval '1 day', false,
       (SELECT min(id) FROM user_account WHERE email LIKE 'citizen%') + p.id % 900, p.id
FROM post p WHERE p.id > $1 AND p.id <= $2 AND p.id % 10 < 3
"""
VOTES = """
INSERT INTO vote (created_at, post_id, user_id)
SELECT p.created_at + interval '2 days', p.id, (SELECT min(id) FROM user_account WHERE email LIKE 'citizen%') + n
FROM post p, generate_series(0, p.id % 4 * (p.id % 2)) n WHERE p.id > $1 AND p.id <= $2 AND p.id % 3 = 0
"""
COUNTS = """
UPDATE post SET comments_count = (SELECT count(*) FROM comment c WHERE c.post_id = post.id),
                votes_count = votes_count + (SELECT count(*) FROM vote v WHERE v.post_id = post.id)
WHERE id > $1 AND id <= $2 AND (id % 10 < 3 OR id % 3 = 0)
"""
PEOPLE = """
INSERT INTO user_account (email, name, password_hash, role, language, created_at)
SELECT 'citizen' || n || '@bench.example', 'Citizen ' || n, '', 'citizen', 'en', now() FROM generate_series(1, 1000) n
"""
SCANS = """
SELECT relname, seq_tup_read AS read FROM pg_stat_user_tables WHERE n_live_tup > $1
"""


# --- making it ------------------------------------------------------------------------------------------------------


class City:
    """A database that grows."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.known = Known(server.url(name))

    def begin(self) -> None:
        """What is kept about the copies, and who comments."""
        if self.known.rows("SELECT to_regclass('bench_copy') AS there")[0]["there"]:
            return
        self.server.run(
            "CREATE TABLE bench_copy (k int PRIMARY KEY)",
            "CREATE TABLE bench_index (name text PRIMARY KEY, definition text NOT NULL)",
            "CREATE TABLE bench_category AS SELECT category_id AS id, coalesce(lead(category_id) OVER w,"
            " first_value(category_id) OVER w) AS other FROM (SELECT DISTINCT category_id FROM report"
            " WHERE category_id IS NOT NULL) x WINDOW w AS (ORDER BY category_id)",
            PEOPLE,
            database=self.name,
        )

    def count(self) -> int:
        return int(self.known.rows("SELECT count(*) AS n FROM report")[0]["n"])

    def grow(self, size: int) -> None:
        """Add copies until there are about so many reports, then make the indexes and statistics again."""
        real = int(self.known.rows("SELECT count(*) AS n FROM report WHERE id <= $1", STEP)[0]["n"])
        there = int(self.known.rows("SELECT coalesce(max(k), 0) AS k FROM bench_copy")[0]["k"])
        wanted = max(round(size / real) - 1, 0)
        began = time.monotonic()
        if wanted > there:
            self._drop_indexes()
        for k in range(there + 1, wanted + 1):
            self.server.run_together(self._copy(k), database=self.name)
            _tell(f"{(k + 1) * real:,} reports after {time.monotonic() - began:,.0f} s")
        if self._make_indexes() or wanted > there:
            self.server.run("VACUUM ANALYZE", database=self.name)
            _tell(f"indexes and statistics after {time.monotonic() - began:,.0f} s")

    def _copy(self, k: int) -> Iterator[str]:
        yield "SET LOCAL session_replication_role = replica"  # no trigger marks what is in the index already
        yield "SET LOCAL synchronous_commit = off"
        for table in TABLES:
            if columns := self.known.rows(COLUMNS, table):
                values = [self._value(table, row["name"], row["type"], row["leads"], k) for row in columns]
                names = ", ".join(f'"{row["name"]}"' for row in columns)
                yield f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} t WHERE t.id <= {STEP}"
                yield f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        first, last = str(k * STEP), str((k + 1) * STEP)
        for statement in (COMMENTS, VOTES, COUNTS):
            yield statement.replace("$1", first).replace("$2", last)
        yield f"INSERT INTO bench_copy VALUES ({k})"

    @staticmethod
    def _value(table: str, name: str, kind: str, leads: str | None, k: int) -> str:
        if name in ("id", "item_id", "desk_id") or leads in TABLES:
            return f't."{name}" + {k * STEP}'
        if change := CHANGES.get((table, name)):
            return change.format(k=k)
        if name == "category_id":
            return CATEGORY.format(name=name, k=k)
        return f't."{name}" - {SHIFT.format(k=k)}' if kind == "timestamp with time zone" else f't."{name}"'

    def _drop_indexes(self) -> None:
        for row in self.known.rows(INDEXES, list(TABLES)):
            self.server.run_together(
                (
                    f"INSERT INTO bench_index VALUES ($q${row['name']}$q$, $q${row['definition']}$q$)",
                    f"DROP INDEX {row['name']}",
                ),
                database=self.name,
            )

    def _make_indexes(self) -> bool:
        waiting = self.known.rows("SELECT name, definition FROM bench_index")
        for row in waiting:
            self.server.run_together(
                (
                    "SET LOCAL maintenance_work_mem = '512MB'",
                    row["definition"],
                    f"DELETE FROM bench_index WHERE name = $q${row['name']}$q$",
                ),
                database=self.name,
            )
        return bool(waiting)


# --- measuring it ---------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    rate: float
    cost: float  # milliseconds of the processor a request, the database's included
    scans: dict[str, float]  # rows read from end to end a request, by table

    @classmethod
    def of(cls, result: Result, scans: dict[str, float]) -> "Measured":
        rates = sorted(run.rate for run in result.runs)
        return cls(rates[len(rates) // 2], min(run.cpu + run.database_cpu for run in result.runs), scans)


def read_scans(known: Known) -> dict[str, int]:
    time.sleep(1.5)  # each connection tells what it read at most once a second
    return {row["relname"]: int(row["read"]) for row in known.rows(SCANS, SMALLEST_TABLE)}


def find_scans(program: Program, known: Known, row: str) -> dict[str, float]:
    """What some requests read from end to end, rows a request, by table."""
    asks = asks_of(program, ROWS[row], known)
    chosen = asks[:: max(len(asks) // 12, 1)]
    send(program, chosen)
    before = read_scans(known)
    send(program, chosen)
    time.sleep(1)
    send(program, chosen[:2])  # so that the connections tell
    after = read_scans(known)
    read = {table: (count - before.get(table, 0)) / len(chosen) for table, count in after.items()}
    return {table: count for table, count in read.items() if count >= SMALLEST_TABLE / 2}


def slowest_plan(program: Program, known: Known, row: str, server: Server) -> str:
    """The slowest statement of some requests, and what PostgreSQL does for it."""
    asks = asks_of(program, ROWS[row], known)
    with StatementLog(server, durations=True) as log:
        begin, end = (f"{word}-{secrets.token_hex(4)}" for word in ("begin", "end"))
        log.mark(begin)
        send(program, asks[:: max(len(asks) // 6, 1)])
        log.mark(end)
        entries = log.timed(program.application, begin, end)
    milliseconds, statement = max(entries)
    if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
        return f"{milliseconds:.1f} ms: {statement}"
    plan = known.rows(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
    return f"{milliseconds:.1f} ms: {statement}\n" + "\n".join(line[0] for line in plan)


def release(checkout: Path, server: Server, name: str) -> float:
    """Seconds to publish the scores of a year."""
    copy = f"{name}_release"
    server.copy(name, copy)
    began = time.monotonic()
    try:
        civic(checkout, server.url(copy), "scores", "publish", SCORED_YEAR)
        return time.monotonic() - began
    finally:
        server.drop(copy)


def measure_size(server: Server, city: City, options: argparse.Namespace) -> tuple[dict[str, Measured], dict[str, str]]:
    """All rows at the present size, and the plans of those that read tables from end to end."""
    copy = f"{city.name}_run"
    server.copy(city.name, copy)
    found, plans = {}, {}
    with ExitStack() as stack:
        stack.callback(server.drop, copy)
        program = stack.enter_context(servers.running_civic("civic", ROOT, server.url(copy)))
        for email in (DISPATCHER, OFFICER):
            program.sign_in(email, PASSWORD)
        known = Known(program.database)
        for name in options.rows:
            result = run_row([program], ROWS[name], {program.database: known}, options)["civic"]
            scans = {} if ROWS[name].workers else find_scans(program, known, name)
            found[name] = Measured.of(result, scans)
            if not ROWS[name].workers:
                plans[name] = slowest_plan(program, known, name, server)
            _tell(f"{name}: {found[name].rate:,.0f} a second, {found[name].cost:.2f} ms {scans or ''}")
    return found, plans


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks city", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[26_000, 116_000, 1_000_000])
    parser.add_argument("--rows", nargs="+", default=[name for name in ROWS if name != "photo"], choices=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--keep", action="store_true", help="keep the database for the next time")
    parser.add_argument("--no-release", dest="release", action="store_false", help="publish no scores")
    options = parser.parse_args()
    options.gzip = False
    with running_server() as server:
        city = City(server, f"city_{digest(ROOT)}")
        if not server.has(city.name):
            server.copy(prepare(server, ROOT, SMALL), city.name)
            add_staff(server, city)
        city.begin()
        found, plans, releases, counts = {}, {}, {}, {}
        for size in options.sizes:
            city.grow(size)
            counts[size] = city.count()
            found[size], plans = measure_size(server, city, options)
            if options.release:
                releases[size] = release(ROOT, server, city.name)
        for line in table(found, counts, releases):
            print(line, flush=True)
        for line in told_plans(found, plans):
            print(line, flush=True)
        if not options.keep:
            server.drop(city.name)


def add_staff(server: Server, city: City) -> None:
    url = server.url(city.name)
    civic(ROOT, url, "user", "add", DISPATCHER, "--role", "dispatcher", "--password-stdin", given=PASSWORD)
    officer = ("user", "add", OFFICER, "--role", "agent", "--department", city.known.officer_department)
    civic(ROOT, url, *officer, "--password-stdin", given=PASSWORD)


# --- telling it -----------------------------------------------------------------------------------------------------


def table(found: dict[int, dict[str, Measured]], counts: dict[int, int], releases: dict[int, float]) -> Iterator[str]:
    """The table of growth as Markdown."""
    sizes = list(found)
    yield (
        "| what | " + " | ".join(f"{counts[size]:,}" for size in sizes) + " | rate, of the first | cost, of the first |"
    )
    yield "|---" * (len(sizes) + 3) + "|"
    for name in found[sizes[0]]:
        figures = [found[size][name] for size in sizes]
        cells = " | ".join(f"{one.rate:,.0f} /s, {one.cost:.2f} ms" for one in figures)
        rate = figures[-1].rate / max(figures[0].rate, 1e-9)
        yield f"| {ROWS[name].title} | {cells} | {rate:.2f} | {cost_share(found, name):.2f} |"
    if releases:
        seconds = " | ".join(f"{releases[size]:,.0f} s" for size in sizes)
        yield f"| a release of {SCORED_YEAR} | {seconds} | – | – |"


def cost_share(found: dict[int, dict[str, Measured]], name: str) -> float:
    """What a request costs at the smallest size, in proportion to the largest."""
    first, *_, last = found
    return found[first][name].cost / max(found[last][name].cost, 1e-9)


def told_plans(found: dict[int, dict[str, Measured]], plans: dict[str, str]) -> Iterator[str]:
    """What does not stay flat at the largest size."""
    *_, last = found
    for name, measured in found[last].items():
        for read, count in measured.scans.items():
            yield f"\n{name}: reads {count:,.0f} rows of {read} from end to end, a request"
        if name in plans and (measured.scans or cost_share(found, name) < GOAL):
            yield f"\n{name}: its slowest statement\n\n```\n{plans[name]}\n```"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
