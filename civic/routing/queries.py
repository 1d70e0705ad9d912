"""Where reports go, and why."""

from collections.abc import Mapping
from typing import Any

from civic.cache import cached_while
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.routing import deciding
from civic.routing.conditions import parse
from civic.routing.deciding import MAX_SUGGESTIONS, RuleView
from civic.routing.facts import Decision, Facts, RuleFailure
from civic.routing.models import Rule
from civic.search.queries import synonyms

__all__ = ["Decision", "Facts", "RuleFailure", "decide", "explain", "find_fitting_categories", "rules"]

LEAST_FIT = 0.4  # of how well the best category fits


@cached_while(city_version)
async def rules() -> tuple[RuleView, ...]:
    """The rules of the loaded pack in the order in which they are tried; cached until the city's version rises."""
    loaded = await catalogue()
    slugs = {one.slug: one.id for one in loaded.departments}
    rows = await Rule.filter(retired_at=None).order_by("position", "id")
    return tuple(_rule(row, slugs) for row in rows)


def _rule(row: Rule, departments: Mapping[str, int]) -> RuleView:
    condition, broken = None, ""
    try:
        condition = parse(row.condition)
    except ValueError as error:
        broken = str(error)
    return RuleView(
        id=row.id,
        slug=row.slug,
        names=row.names,
        condition=condition,
        department_id=row.department_id,
        support=tuple(departments[slug] for slug in row.support if slug in departments),
        priority=row.priority,
        broken=broken,
    )


async def decide(facts: Facts) -> Decision:
    """Decide where a report with these facts goes, by the loaded pack. Nothing is written."""
    city_areas = await areas()
    path = [city_areas.by_slug[slug] for slug in facts.areas if slug in city_areas.by_slug]
    return deciding.decide(facts, await rules(), await catalogue(), path, await synonyms())


async def find_fitting_categories(text: str) -> list[CategoryView]:
    """The categories that a text has words of, the best first: at most three, and none that fits far less."""
    known = await catalogue()
    fit = deciding.fitting_categories(text, known, await synonyms())
    best = max(fit.values(), default=0.0)
    codes = [code for code, points in fit.items() if points >= best * LEAST_FIT]
    return [known.category_by_code[code] for code in codes[:MAX_SUGGESTIONS]]


def explain(reason: Mapping[str, Any]) -> str:
    """The stored reason of a decision as one sentence in the reader's language; "" if it is unknown."""
    step = reason.get("step")
    department = pick(reason.get("department", {}).get("names"))
    if step == "rule":
        return _("By the city's rule “%(rule)s”.", rule=pick(reason["names"]))
    if step == "category":
        return _by_category(reason, department)
    if step == "triage" and reason.get("why") == "no_category":
        return _("No category was chosen and no rule applies, so a dispatcher decides.")
    if step == "triage":
        return _("No department is set for this category at this place, so a dispatcher decides.")
    if step == "dispatcher":
        return _("A dispatcher decided.")
    if step == "import":
        return _("As recorded in the system that the report comes from.")
    return ""


def _by_category(reason: Mapping[str, Any], department: str) -> str:
    category = pick(reason["names"])
    if area := reason.get("area"):
        return _(
            "Reports of “%(category)s” in %(area)s go to %(department)s.",
            category=category,
            area=pick(area["names"]),
            department=department,
        )
    return _("Reports of “%(category)s” go to %(department)s.", category=category, department=department)
