"""What `civic check` says of the settings of PostgreSQL, which decide how quick a large city is."""

from collections.abc import Mapping

from civic.cli.common import CheckResult
from civic.cli.sql import SERVER_SETTINGS
from civic.config import Config
from civic.db import Row, fetch

MB, GB = 2**20, 2**30
SMALL_DATABASE = GB // 4  # bytes: any settings do for it
ENOUGH_BUFFERS = 2 * GB
LEAST_WORK_MEM, LEAST_WAL = 8 * MB, 2 * GB
MOST_PAGE_COST = 2.0


async def check_database_settings(config: Config) -> CheckResult:
    """One line: what is in force, and what the server should have instead, each with its reason."""
    row = (await fetch(SERVER_SETTINGS))[0]
    text = (
        f"shared_buffers {row['shared_buffers'] // MB:,} MB for {row['size'] // MB:,} MB of data,"
        f" work_mem {row['work_mem'] // MB:,} MB, {row['connections']} connections"
    )
    advice = [*_advise_on_connections(row, config), *advise_on_speed(row)]
    return CheckResult("settings", True, "; ".join([text, *advice]), warned=bool(advice))


def _advise_on_connections(row: Row, config: Config) -> list[str]:
    # The workers' process has one more, on which it is told of new jobs.
    needed = (config.server.processes + 1) * config.database.pool + 1
    if row["connections"] >= needed:
        return []
    return [f"max_connections should allow {needed}: every process opens up to {config.database.pool} (database.pool)"]


def advise_on_speed(row: Mapping[str, float]) -> list[str]:
    """What a server with the settings of SERVER_SETTINGS should have instead; nothing where the database is small."""
    advice: list[str] = []
    if row["size"] < SMALL_DATABASE:
        return advice
    if row["shared_buffers"] < min(row["size"] // 4, ENOUGH_BUFFERS):
        advice.append("shared_buffers should be a quarter of that machine's memory")
    if row["work_mem"] < LEAST_WORK_MEM:
        advice.append("work_mem should be 16MB, so that lists are sorted in memory")
    if row["max_wal_size"] < LEAST_WAL:
        advice.append("max_wal_size should be 4GB, so that imports and rebuilding wait less for the disk")
    if row["random_page_cost"] > MOST_PAGE_COST:
        advice.append("random_page_cost should be 1.1, unless its disks have moving parts")
    if row["jit"]:
        advice.append("jit should be off: compiling costs more than these statements take")
    return advice
