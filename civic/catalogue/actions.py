"""Adding to the catalogue what did not come with a pack; loading a pack leaves it alone."""

from collections.abc import Mapping

from civic import timing
from civic.catalogue.models import Category, Department
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch_one
from civic.geo.queries import city


async def add_department(
    slug: str, *, names: Mapping[str, str], calendar_id: int, contacts: Mapping[str, str] | None = None
) -> int:
    """The id of the department with this slug, made if there is none. One that exists is not changed."""
    found = await Department.get_or_none(slug=slug)
    if found is None:
        found = await Department.create(
            slug=slug,
            names=dict(names),
            calendar_id=calendar_id,
            contacts=dict(contacts or {}),
            position=await _next_position("department"),
        )
    return found.id


async def add_category(
    code: str, *, names: Mapping[str, str], response: str, resolution: str, group: str, group_names: Mapping[str, str]
) -> int:
    """The id of the category with this code, made if there is none. One that exists is not changed.

    The targets are texts as sla.targets writes them.
    """
    found = await Category.get_or_none(code=code)
    if found is None:
        found = await Category.create(
            code=code,
            names=dict(names),
            group_code=group,
            group=dict(group_names),
            response_target=response,
            resolution_target=resolution,
            position=await _next_position("category"),
        )
    return found.id


async def tell_of_additions() -> None:
    """Every process reads the catalogue anew, as after another pack."""
    await execute("UPDATE city SET loaded_at = $1", timing.now())
    city.clear()
    catalogue.clear()


async def _next_position(table: str) -> int:
    row = await fetch_one(f"SELECT coalesce(max(position), -1) + 1 AS next FROM {table}")
    return int(row["next"]) if row else 0
