"""What depends on what a pack no longer has: open cases, with promises that go on."""

from civic import db
from civic.cases.status import OPEN

# Assignments that are not ended, by department; each runs on the clocks with which it began.
OF_DEPARTMENTS = """
SELECT d.slug AS name, count(DISTINCT a.case_id) AS cases
FROM assignment a JOIN department d ON d.id = a.department_id
WHERE a.ended_at IS NULL AND d.slug = ANY($1) GROUP BY d.slug ORDER BY 1
"""
OF_CATEGORIES = """
SELECT k.code AS name, count(*) AS cases FROM case_file c JOIN category k ON k.id = c.category_id
WHERE c.status = ANY($2) AND k.code = ANY($1) GROUP BY k.code ORDER BY 1
"""


async def count_open_cases(retired: dict[str, list[str]]) -> dict[str, dict[str, int]]:
    """How many open cases there are of the departments and categories that were retired just now, by kind and name."""
    departments = await db.fetch(OF_DEPARTMENTS, retired.get("departments", []))
    categories = await db.fetch(OF_CATEGORIES, retired.get("categories", []), list(OPEN))
    found = {"departments": departments, "categories": categories}
    return {kind: {row["name"]: row["cases"] for row in rows} for kind, rows in found.items() if rows}
