"""Deciding where a report goes. Nothing is read or written here: the same facts and pack give the same decision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from civic.catalogue.catalogue import Catalogue, CategoryView
from civic.geo.areas import AreaView
from civic.routing.conditions import RuleCondition
from civic.routing.facts import Decision, Facts, RuleFailure
from civic.search.fit import rank_by_fit
from civic.search.phrases import Synonyms

MAX_SUGGESTIONS = 3
# Points that rank a department as a suggestion: the words of the text count most, and the best category for them.
_WORDS, _GROUP, _AREA = 10_000, 100, 1


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule of the loaded pack. If its condition cannot be parsed, `condition` is None and `broken` says why."""

    id: int
    slug: str
    names: dict[str, str]
    condition: RuleCondition | None
    department_id: int
    support: tuple[int, ...]
    priority: str
    broken: str = ""


def decide(
    facts: Facts,
    rules: Sequence[RuleView],
    catalogue: Catalogue,
    areas: Sequence[AreaView],
    synonyms: Synonyms,
) -> Decision:
    """Decide by the first match: the rules in order, the category's department for the nearest area, triage.

    `areas` are the place's, deepest first, as `facts.areas`. With `synonyms` the text is read for suggestions.
    """
    faults: list[RuleFailure] = []
    decision = (
        _by_rule(facts, rules, catalogue, faults)
        or _by_category(facts, catalogue, areas)
        or _triage(facts, catalogue, areas, synonyms)
    )
    return Decision(
        decision.department_id,
        decision.step,
        decision.reason,
        decision.support,
        decision.priority,
        decision.suggestions,
        tuple(faults),
    )


def _by_rule(
    facts: Facts, rules: Sequence[RuleView], catalogue: Catalogue, faults: list[RuleFailure]
) -> Decision | None:
    for rule in rules:
        try:
            if rule.condition is None:
                raise ValueError(rule.broken)
            if not rule.condition.evaluate(facts):
                continue
            department = catalogue.department_by_id[rule.department_id]
            if department.retired:
                raise ValueError(f"the department {department.slug} is no longer in the pack")
        except Exception as error:  # a rule may fail in any way, and the report still has to arrive
            faults.append(RuleFailure(rule.id, rule.slug, f"{type(error).__name__}: {error}"[:300]))
            continue
        reason: dict[str, object] = {
            "step": "rule",
            "rule": rule.slug,
            "names": rule.names,
            "condition": rule.condition.text,
            "department": _named(department),
        }
        support = tuple(one for one in rule.support if one != rule.department_id)
        return Decision(rule.department_id, "rule", reason, support, rule.priority)
    return None


def _by_category(facts: Facts, catalogue: Catalogue, areas: Sequence[AreaView]) -> Decision | None:
    category = catalogue.category_by_code.get(facts.category or "")
    if category is None:
        return None
    nearest = _nearest(category, catalogue, areas)
    if nearest is None:
        return None
    department_id, area = nearest
    reason: dict[str, object] = {
        "step": "category",
        "category": category.code,
        "names": category.names,
        "area": {"slug": area.slug, "names": area.names} if area else None,
        "department": _named(catalogue.department_by_id[department_id]),
    }
    return Decision(department_id, "category", reason)


def _triage(facts: Facts, catalogue: Catalogue, areas: Sequence[AreaView], synonyms: Synonyms) -> Decision:
    suggestions = list(_suggest(facts, catalogue, areas, synonyms))
    why = "no_department" if facts.category in catalogue.category_by_code else "no_category"
    reason: dict[str, object] = {"step": "triage", "why": why, "suggestions": suggestions}
    return Decision(None, "triage", reason, suggestions=tuple(suggestions))


def fitting_categories(text: str, catalogue: Catalogue, synonyms: Synonyms) -> dict[str, float]:
    """The codes of the categories that a text has words of, the best first, each with how well it fits."""
    described = [(one.code, (*one.names.values(),), (*one.descriptions.values(),)) for one in catalogue.categories]
    return rank_by_fit(text, tuple(described), synonyms)


def _suggest(
    facts: Facts, catalogue: Catalogue, areas: Sequence[AreaView], synonyms: Synonyms
) -> Iterator[dict[str, object]]:
    """Yield the departments that similar categories go to at this place, best first, always in the same order."""
    points: dict[int, float] = {}
    why: dict[int, CategoryView] = {}
    given = catalogue.category_by_code.get(facts.category or "")
    fit = fitting_categories(facts.text, catalogue, synonyms)
    for category in sorted(catalogue.categories, key=lambda one: -fit.get(one.code, 0.0)):
        nearest = _nearest(category, catalogue, areas)
        if nearest is None:
            continue
        department, words = nearest[0], fit.get(category.code, 0.0)
        related = given is not None and bool(given.group_code) and category.group_code == given.group_code
        # The best category of a department counts, and not how many of its categories have a word.
        best_so_far = points.setdefault(department, _WORDS * words)
        points[department] = best_so_far + _AREA + _GROUP * related
        if (words or related) and department not in why:
            why[department] = category
    best = sorted(points, key=lambda one: (-points[one], catalogue.department_by_id[one].slug))
    for department_id in best[:MAX_SUGGESTIONS]:
        sign = why.get(department_id)
        yield {
            "id": department_id,
            "department": _named(catalogue.department_by_id[department_id]),
            "category": {"code": sign.code, "names": sign.names} if sign else None,
        }


def _nearest(
    category: CategoryView, catalogue: Catalogue, areas: Sequence[AreaView]
) -> tuple[int, AreaView | None] | None:
    """The category's department for the nearest area that has one, and that area (None: everywhere); no retired one."""
    for area in (*areas, None):
        department_id = catalogue.default_departments.get((category.id, area.id if area else None))
        if department_id is not None and not catalogue.department_by_id[department_id].retired:
            return department_id, area
    return None


def _named(department: Any) -> dict[str, object]:
    return {"slug": department.slug, "names": department.names}
