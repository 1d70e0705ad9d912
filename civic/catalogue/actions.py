"""Additions to the catalogue that did not come with a pack; loading a pack leaves them alone."""

from collections.abc import Mapping

from civic.catalogue.models import Category, Department
from civic.city.actions import bump_version
from civic.db import fetch_one


async def add_department(
    slug: str, *, names: Mapping[str, str], calendar_id: int, contacts: Mapping[str, str] | None = None
) -> int:
    """Return the id of the department with this slug; create it if there is none. An existing one is not changed."""
    department = await Department.get_or_none(slug=slug)
    if department is None:
        department = await Department.create(
            slug=slug,
            names=dict(names),
            calendar_id=calendar_id,
            contacts=dict(contacts or {}),
            position=await _next_position("department"),
        )
        await bump_version()
    return int(department.id)


async def add_category(
    code: str, *, names: Mapping[str, str], response: str, resolution: str, group: str, group_names: Mapping[str, str]
) -> int:
    """Return the id of the category with this code; create it if there is none. An existing one is not changed.

    The targets are texts as sla.targets writes them.
    """
    category = await Category.get_or_none(code=code)
    if category is None:
        category = await Category.create(
            code=code,
            names=dict(names),
            group_code=group,
            group=dict(group_names),
            response_target=response,
            resolution_target=resolution,
            position=await _next_position("category"),
        )
        await bump_version()
    return int(category.id)


async def _next_position(table: str) -> int:
    row = await fetch_one(f"SELECT coalesce(max(position), -1) + 1 AS next FROM {table}")
    return int(row["next"]) if row else 0
