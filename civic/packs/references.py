"""Names that point from one file of a pack to another: each has to be there."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from civic.i18n import gettext as _
from civic.packs.contents import CategoryPart, CityPart, DepartmentPart, Names, RulePart, ServicePart
from civic.packs.tables import Table
from civic.routing.conditions import parse
from civic.routing.facts import ANSWER_PREFIX
from civic.suggestions import unknown_name


class Placed(Protocol):
    @property
    def at(self) -> Table: ...


def check_city(city: CityPart, calendars: Collection[str]) -> None:
    _known(city, "calendar", city.settings.calendar, calendars)


def check_once(parts: Sequence[Placed], key: str) -> None:
    """Every short name is given once."""
    given = [part.at.data.get(key) for part in parts]
    counts = Counter(name for name in given if isinstance(name, str))
    for part, name in zip(parts, given, strict=True):
        if isinstance(name, str) and counts[name] > 1:
            counts[name] = 0  # said once
            part.at.problem(key, _("“%(name)s” is given twice.", name=name))


def check_departments(departments: Sequence[DepartmentPart], calendars: Collection[str]) -> None:
    by_slug = {one.slug: one for one in departments}
    for one in departments:
        _known(one, "calendar", one.calendar, calendars)
        _known(one, "parent", one.parent, by_slug)
        path, above = [one.slug], by_slug.get(one.parent)
        while above is not None and above.slug not in path:
            path.append(above.slug)
            above = by_slug.get(above.parent)
        if above is one:
            circle = " → ".join([*path, one.slug])
            one.at.problem("parent", _("The parents go in a circle: %(path)s.", path=circle))


def check_categories(
    categories: Sequence[CategoryPart],
    groups: dict[str, Names],
    departments: Collection[str],
    areas: Collection[str],
) -> None:
    for one in categories:
        _known(one, "group", one.group, groups)
        _known(one, "department", one.department, departments)
        for area, department in one.by_area.items():
            _known(one, f"department_by_area.{area}", area, areas)
            _known(one, f"department_by_area.{area}", department, departments)


def check_rules(rules: Sequence[RulePart], departments: Collection[str]) -> None:
    for one in rules:
        _known(one, "department", one.department, departments)
        for slug in one.support:
            _known(one, "support", slug, departments)
        if one.department in one.support:
            one.at.problem("support", _("The department that leads cannot support itself."))


def check_conditions(rules: Sequence[RulePart], categories: Sequence[CategoryPart], areas: Collection[str]) -> None:
    """Every condition parses, and the categories, areas, questions and options that it names exist."""
    right = {"category": {one.code for one in categories}, "area": set(areas)}
    questions = [question for one in categories for question in one.questions]
    for rule in rules:
        if not rule.condition:
            continue  # already said
        try:
            condition = parse(rule.condition)
        except ValueError as error:
            rule.at.problem("when", str(error))
            continue
        for test in condition.root.tests():
            if test.field.startswith(ANSWER_PREFIX):
                _check_answer(rule, test.field.removeprefix(ANSWER_PREFIX), test.value, questions)
        for field, name in condition.mentions:
            if field in right and name not in right[field]:
                rule.at.problem("when", f"{field}: {unknown_name(name, right[field])}")


def _check_answer(rule: RulePart, code: str, value: object, questions: list[dict[str, Any]]) -> None:
    """A question of this code exists in some category, and has the options that it is compared with."""
    asked = [question for question in questions if question["code"] == code]
    if not asked:
        rule.at.problem("when", f"answers: {unknown_name(code, {one['code'] for one in questions})}")
        return
    if not all(question["kind"] in ("choice", "choices") for question in asked):
        return
    options = {option["code"] for question in asked for option in question["options"]}
    for name in value if isinstance(value, tuple) else (value,):
        if isinstance(name, str) and name not in options:
            rule.at.problem("when", f"answers.{code}: {unknown_name(name, options)}")


def check_services(services: Sequence[ServicePart], departments: Collection[str]) -> None:
    for one in services:
        _known(one, "department", one.department, departments)


def _known(part: Placed, key: str, name: str, right: Collection[str]) -> None:
    if name and name not in right:
        part.at.problem(key, unknown_name(name, right))
