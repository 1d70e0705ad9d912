"""`civic check`: the configuration and everything that the program depends on, a line each."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from civic import database_schema, db
from civic.cli.common import (
    AsJson,
    CheckResult,
    command_group,
    exit_on_signals,
    load_command_config,
    print_answer,
    show_progress,
)
from civic.cli.database_settings import check_database_settings
from civic.cli.protection import check_database_account, check_protection, describe_decoder
from civic.config import Config, PathsConfig, describe_source
from civic.database_errors import report_unreachable
from civic.disk import describe_free_space
from civic.errors import CivicError

commands = command_group()


MAX_FAULTS_NAMED = 20
WithHistory = Annotated[
    bool, typer.Option("--history", help="Check every case's history and the rows made of it, too.")
]


@commands.command()
def check(history: WithHistory = False, as_json: AsJson = False) -> None:
    """Check the configuration, every dependency and the protection. Ends with 1 if anything is wrong."""
    config = load_command_config()  # a wrong configuration ends here, with what is wrong
    findings = [CheckResult("configuration", True, describe_source())]
    findings += [
        _folder(config.paths.var),
        _disk(config.paths),
        *_try_database(config, history),
        _assets(),
        *check_protection(config),
    ]
    lines = [f"{one.mark:6} {one.name:14} {one.text}" for one in findings]
    data = [{"name": one.name, "ok": one.good, "warning": one.warned, "text": one.text} for one in findings]
    print_answer(data, "\n".join(lines), as_json)
    if not all(one.good for one in findings):
        raise SystemExit(1)


def _folder(var: Path) -> CheckResult:
    if not var.is_dir():
        return CheckResult("var", False, f"there is no folder {var}: civic load PACK makes it")
    try:
        probe = var / f"probe.{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return CheckResult("var", False, f"cannot write in {var}: {error.strerror}")
    return CheckResult("var", True, str(var))


def _disk(paths: PathsConfig) -> CheckResult:
    try:
        enough, free = describe_free_space(paths)
    except OSError as error:
        return CheckResult("disk", False, f"cannot be asked: {error.strerror}")
    text = f"{free} under {paths.var}"
    if not enough:
        return CheckResult("disk", True, f"{text}; paths.min_free_bytes is {paths.min_free_bytes:,}", warned=True)
    return CheckResult("disk", True, text)


def _try_database(config: Config, history: bool) -> list[CheckResult]:
    try:
        with exit_on_signals(), db.database_url(config) as url, report_unreachable(url):
            return asyncio.run(_inside(config, url, history))
    except CivicError as error:
        return [CheckResult("database", False, str(error.message))]


async def _inside(config: Config, url: str, history: bool) -> list[CheckResult]:
    kind = "configured" if config.database.url.get_secret_value() else "embedded"
    async with db.connect(url, 2):
        rows = await db.fetch(
            "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS n"
        )
        good = int(rows[0]["n"]) >= 150_000
        findings = [CheckResult("database", good, f"PostgreSQL {rows[0]['version']}, {kind}")]
        await database_schema.refuse_newer_schema()
        missing = await database_schema.unapplied_migrations()
        if missing:
            return [*findings, CheckResult("migrations", False, f"{', '.join(missing)} to apply: civic migrate")]
        findings.append(CheckResult("migrations", True, f"{len(database_schema.migration_names())} applied"))
        checks: list[tuple[str, Callable[[Config], Awaitable[CheckResult]]]] = [
            ("rights", check_database_account),
            ("settings", check_database_settings),
            ("pack", _pack),
            ("calendars", _calendars),
            ("time zones", _time_zones),
            ("workers", _workers),
            ("jobs", _jobs),
            ("photos", _photos),
            ("mail", _mail),
            ("search", _search),
            ("map", _map),
            ("base map", _base_map),
            ("font", _font),
        ]
        if history:
            checks.append(("history", _history))
        for name, one in checks:
            try:
                findings.append(await one(config))
            except Exception as error:  # a check that fails is a finding, and the others still run
                findings.append(CheckResult(name, False, f"{type(error).__name__}: {error}"))
        return findings


async def _pack(_: Config) -> CheckResult:
    from civic.city.queries import city

    view = await city()
    if view.loaded_at is None:
        return CheckResult("pack", False, "none loaded: civic load PACK, or civic demo")
    return CheckResult("pack", True, f"{view.name}, loaded {view.loaded_at:%Y-%m-%d %H:%M} UTC")


async def _calendars(_: Config) -> CheckResult:
    from civic.sla.coverage import find_holiday_gaps

    gaps = await find_holiday_gaps()
    if gaps:
        return CheckResult("calendars", True, " ".join(map(str, gaps)), warned=True)
    return CheckResult("calendars", True, "holidays are listed as far as promises reach")


async def _time_zones(_: Config) -> CheckResult:
    from civic.sla.zone_data import VERSION, find_moved_hours

    version = f"data {VERSION}, of the package tzdata"
    moved = await find_moved_hours()
    return CheckResult("time zones", True, " ".join([version, *map(str, moved)]), warned=bool(moved))


async def _workers(_: Config) -> CheckResult:
    from civic.jobs.queries import describe_seconds, read_worker_health

    health = await read_worker_health()
    if faults := health.faults():
        return CheckResult("workers", False, "; ".join(faults))
    if not health.has_run:
        return CheckResult("workers", True, "none has run yet: civic serve or civic work runs them", warned=True)
    oldest = max(age for age in health.seen.values() if age is not None)
    return CheckResult("workers", True, f"{len(health.seen)} kinds, each seen within {describe_seconds(oldest)}")


async def _jobs(_: Config) -> CheckResult:
    from civic.jobs.queries import count_waiting, list_held

    stuck = await list_held(10)
    if not stuck:
        return CheckResult("jobs", True, f"{await count_waiting()} waiting, none held")
    what = "; ".join(f"{one.job} {one.id}: {one.reason[:80]}" for one in stuck[:3])
    return CheckResult("jobs", False, f"{len(stuck)} held after {stuck[0].attempts} tries: {what}")


async def _photos(config: Config) -> CheckResult:
    import io

    from PIL import Image

    from civic.media.decoder import Decoder

    sample = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(sample, "JPEG")
    async with Decoder(processes=1, seconds=config.media.seconds) as decoder:
        await decoder.process(sample.getvalue())
        return describe_decoder(decoder.confined_by, config.media_folder)


async def _mail(config: Config) -> CheckResult:
    from civic.notifications.channels import MessagePutOff
    from civic.notifications.mail import open_mail_server
    from civic.notifications.queries import count_deliveries

    if not config.mail.url.get_secret_value():
        outbox = config.paths.var / "outbox"
        return CheckResult("mail", True, f"written to {outbox} ({len(list(outbox.glob('*.eml')))} there)")
    server = open_mail_server(config)
    where = f"{server.server.host} port {server.server.port}"
    try:
        await server.greet()
    except MessagePutOff as error:
        return CheckResult("mail", False, f"{where} takes no mails: {error}")
    finally:
        await server.close()
    last_day = await count_deliveries(timedelta(days=1))
    text = f"{where} answers; in a day {last_day.sent} sent, {last_day.refused} refused for good"
    return CheckResult("mail", True, text, warned=last_day.refused > last_day.sent)


async def _search(config: Config) -> CheckResult:
    from civic.search.feed import read_backlog
    from civic.search.meili.client import EngineState, Meili
    from civic.search.meili.queue import search_key, seconds_behind
    from civic.search.queries import wanted_settings

    index = await read_backlog()
    if index.held:
        return CheckResult("search", False, f"{index.held} changes could not be put into the index; the log says why")
    if not config.search.url:
        return CheckResult("search", True, f"PostgreSQL, {index.waiting} changes on their way")
    meili = Meili(config.search, search_key)
    try:
        found = await meili.condition(await wanted_settings())
    finally:
        meili.close()
    if found.state != EngineState.OK:
        return CheckResult("search", False, f"Meilisearch is {found.state}: {found.said}; PostgreSQL answers")
    behind = await seconds_behind()
    lag = f"changes wait for {behind:.0f} s" if behind else "up to date"
    return CheckResult("search", True, f"Meilisearch, {found.documents} documents, {lag}")


async def _map(_: Config) -> CheckResult:
    from civic.reports.maps.queries import find_map_faults

    found = await find_map_faults()
    if found.points or found.counts:
        wrong = f"{found.points:,} points and {found.counts:,} counts are not what the reports say"
        return CheckResult("map", False, f"{wrong}: civic reports recount makes them again")
    return CheckResult("map", True, f"as the reports say, {found.waiting:,} changes to sum up")


async def _base_map(config: Config) -> CheckResult:
    from civic.city.queries import city
    from civic.geo.base_map import BaseMaps, tiles_folder
    from civic.geo.tile_maker import BaseMapError
    from civic.geo.tiles import check_place, open_tiles

    view = await city()
    made = view.base_map
    if config.map.basemap:
        try:
            check_place(open_tiles(config.map.basemap), view.bbox)
        except BaseMapError as error:
            return CheckResult("base map", False, f"map.basemap: {error}")
    found = BaseMaps(config).find(made, view.bbox)
    if made and (found is None or not (tiles_folder(config) / f"{made}.pmtiles").exists()):
        return CheckResult("base map", False, f"no tiles {made} in {tiles_folder(config)}: civic load PACK makes them")
    if found is None:
        return CheckResult("base map", True, "raster tiles" if config.map.tiles else "none: maps show the areas")
    return CheckResult("base map", True, f"{found.version}, to zoom {found.tiles.max_zoom}")


async def _font(_: Config) -> CheckResult:
    """Whether the pictures that are made here (cards of reports) can be written in each language of the city."""
    from civic.cases.status import Status
    from civic.city.queries import city
    from civic.fonts import can_write, find_font
    from civic.i18n import use_language

    unwritten = []
    for code in (await city()).languages:
        with use_language(code):
            if not can_write("".join(str(one.label) for one in Status)):
                unwritten.append(code)
    found = find_font(chinese=True) or find_font(chinese=False)
    if unwritten:
        missing = f"none has the letters of {', '.join(unwritten)}, so cards of reports leave words out"
        return CheckResult("font", True, f"{missing}: on Debian, apt-get install fonts-noto-cjk", warned=True)
    return CheckResult("font", True, str(found or "the one of Pillow"))


async def _history(_: Config) -> CheckResult:
    """Every history along its chain of hashes, and every assignment against its history, as at one instant."""
    from civic.cases.history import check_histories
    from civic.db import in_transaction
    from civic.scores.queries import list_seal_faults

    with show_progress() as tell:
        async with in_transaction():
            await db.use_snapshot()
            checked = await check_histories(tell)
            faults = [*await list_seal_faults(), *map(str, checked.faults)]
    if not faults:
        return CheckResult("history", True, f"{checked.cases:,} histories, what follows from them, and every seal")
    named = faults[:MAX_FAULTS_NAMED]
    more = len(faults) - len(named)
    lines = [f"{len(faults)} differences", *named, *([f"and {more} more"] if more else [])]
    return CheckResult("history", False, "\n  ".join(lines))


def _assets() -> CheckResult:
    from civic.static import FOLDER

    missing = [name for name in ("htmx.min.js",) if not (FOLDER / "vendor" / name).exists()]
    if missing:
        return CheckResult(
            "assets", False, f"{', '.join(missing)} not in static/vendor: make assets (pages work, slower)"
        )
    return CheckResult("assets", True, "static/vendor is complete")
