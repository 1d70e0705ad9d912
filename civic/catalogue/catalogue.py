"""The catalogue in memory: departments, categories and services of the loaded pack.

Look-ups by id also find what left the pack (`retired`), for cases that still point there; lists and look-ups
by slug or code hold only what is in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

Names = dict[str, str]
Guide = dict[str, str | list[str]]
"""What a service needs, in one language: purpose, papers (a list), time, fee, hours, where."""
QuestionKind = Literal["text", "number", "choice", "choices", "yes_no", "date"]


class QuestionOption(BaseModel):
    model_config = ConfigDict(frozen=True)

    code: str
    names: Names


class Question(BaseModel):
    """A category's question, as Category.questions keeps it."""

    model_config = ConfigDict(frozen=True)

    code: str
    names: Names
    kind: QuestionKind
    required: bool = False
    options: tuple[QuestionOption, ...] = ()
    when: Mapping[str, tuple[str, ...]] = {}  # asked only after one of these answers to each of these questions

    def applies(self, answers: Mapping[str, Sequence[str]]) -> bool:
        """Whether it is asked, after these answers to the questions before it."""
        return all(set(wanted) & set(answers.get(code, ())) for code, wanted in self.when.items())

    def name_answer(self, code: str) -> Names:
        """What an answer of this code is called; empty for yes and no."""
        return next((one.names for one in self.options if one.code == code), {})


class Helper(BaseModel):
    """Who handles a kind of problem that is not the city's."""

    model_config = ConfigDict(frozen=True)

    names: Names
    text: Names = {}
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A kind of problem. Targets are texts as sla.targets.parse_target reads them."""

    id: int
    code: str
    group_code: str
    group: Names
    names: Names
    descriptions: Names
    questions: tuple[Question, ...]
    response_target: str
    resolution_target: str
    photo_required: bool
    evidence_required: bool
    public: bool
    position: int
    retired: bool
    shape: str = "point"  # point, line, area
    assets: tuple[str, ...] = ()  # kinds of numbered things that its reports may name
    instead: Helper | None = None  # no report of this kind is made: the form says who can help

    def question(self, code: str) -> Question | None:
        """Its question of this code."""
        return next((one for one in self.questions if one.code == code), None)


@dataclass(frozen=True, slots=True)
class CategoryGroup:
    """Categories that lists show together."""

    code: str
    names: Names
    categories: tuple[CategoryView, ...]


@dataclass(frozen=True, slots=True)
class DepartmentView:
    """A department. `contacts` may have email, phone, url, address, hours."""

    id: int
    slug: str
    parent_id: int | None
    names: Names
    calendar_id: int
    contacts: dict[str, str]
    retired: bool


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A public service. `guide` has, by language: purpose, papers (a list), time, fee, hours, where."""

    id: int
    slug: str
    names: Names
    department_id: int
    guide: dict[str, Guide]
    url: str
    lat: float | None
    lon: float | None
    position: int
    retired: bool


def _group(categories: Sequence[CategoryView]) -> tuple[CategoryGroup, ...]:
    members: dict[str, list[CategoryView]] = {}
    for one in categories:
        members.setdefault(one.group_code, []).append(one)
    return tuple(CategoryGroup(code, found[0].group, tuple(found)) for code, found in members.items())


@dataclass(frozen=True)
class Catalogue:
    """The whole catalogue. `default_departments` maps (category id, area id or None) to a department id."""

    every_category: Sequence[CategoryView] = ()
    every_department: Sequence[DepartmentView] = ()
    every_service: Sequence[ServiceView] = ()
    calendars: Mapping[str, int] = field(default_factory=dict)  # slug -> id
    default_departments: Mapping[tuple[int, int | None], int] = field(default_factory=dict)

    @cached_property
    def categories(self) -> tuple[CategoryView, ...]:
        """In the pack's order."""
        return tuple(one for one in self.every_category if not one.retired)

    @cached_property
    def departments(self) -> tuple[DepartmentView, ...]:
        """In the pack's order: a department before those below it."""
        return tuple(one for one in self.every_department if not one.retired)

    @cached_property
    def services(self) -> tuple[ServiceView, ...]:
        return tuple(one for one in self.every_service if not one.retired)

    @cached_property
    def groups(self) -> tuple[CategoryGroup, ...]:
        """Groups of what may be reported, in the order of their first category."""
        return _group([one for one in self.categories if one.instead is None])

    @cached_property
    def form_groups(self) -> tuple[CategoryGroup, ...]:
        """As `groups`, with what others handle: whoever chooses that learns who."""
        return _group(self.categories)

    @cached_property
    def category_by_id(self) -> dict[int, CategoryView]:
        return {one.id: one for one in self.every_category}

    @cached_property
    def category_by_code(self) -> dict[str, CategoryView]:
        return {one.code: one for one in self.categories}

    @cached_property
    def department_by_id(self) -> dict[int, DepartmentView]:
        return {one.id: one for one in self.every_department}

    @cached_property
    def department_by_slug(self) -> dict[str, DepartmentView]:
        return {one.slug: one for one in self.departments}

    @cached_property
    def service_by_id(self) -> dict[int, ServiceView]:
        return {one.id: one for one in self.every_service}

    @cached_property
    def service_by_slug(self) -> dict[str, ServiceView]:
        return {one.slug: one for one in self.services}

    def category_ids(self, code: str) -> tuple[int, ...]:
        """Ids of the category with this code, or of the categories of the group with it; empty for an unknown code.

        With those that left the pack: what was reported under them is still found.
        """
        return tuple(one.id for one in self.every_category if code and code in (one.code, one.group_code))

    def find_department(self, slug: str) -> DepartmentView | None:
        """The department with this slug, also one that left the pack."""
        return next((one for one in self.every_department if one.slug == slug), None)

    def retired_names(self) -> dict[str, Names]:
        """The names of categories, and of groups, that left the pack, by their codes."""
        gone = [one for one in self.every_category if one.retired]
        names = {one.group_code: one.group for one in gone} | {one.code: one.names for one in gone}
        return {code: texts for code, texts in names.items() if code not in {one.code for one in self.groups}}

    def children(self, department_id: int | None) -> tuple[DepartmentView, ...]:
        """The departments directly under this one; the top ones for None."""
        return tuple(one for one in self.departments if one.parent_id == department_id)

    def below(self, department_id: int) -> set[int]:
        """The ids of the department and of all departments under it, with those that left the pack."""
        found, left = {department_id}, [department_id]
        while left:
            above = left.pop()
            below = [one.id for one in self.every_department if one.parent_id == above]
            found.update(below)
            left.extend(below)
        return found
