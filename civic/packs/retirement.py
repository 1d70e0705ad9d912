"""What depends on what a pack no longer has: open cases, with promises that go on."""

from civic import db
from civic.cases.status import OPEN
from civic.packs.sql import OF_CATEGORIES, OF_DEPARTMENTS


async def count_open_cases(retired: dict[str, list[str]]) -> dict[str, dict[str, int]]:
    """How many open cases there are of the departments and categories that were retired just now, by kind and name."""
    departments = await db.fetch(OF_DEPARTMENTS, retired.get("departments", []))
    categories = await db.fetch(OF_CATEGORIES, retired.get("categories", []), list(OPEN))
    found = {"departments": departments, "categories": categories}
    return {kind: {row["name"]: row["cases"] for row in rows} for kind, rows in found.items() if rows}
