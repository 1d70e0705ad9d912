"""The facts of a report that routing knows, and the decision that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ANSWER_PREFIX = "answers."  # precedes the code of a question
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Facts:
    """A report as conditions compare it. `areas` are slugs, deepest first; `at` is local to the city."""

    category: str | None
    areas: tuple[str, ...]
    text: str
    answers: Mapping[str, Any]
    channel: str
    at: datetime
    priority: str = "normal"


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that could not be applied to a report."""

    rule_id: int
    slug: str
    error: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a report goes. No department means triage, with at most three `suggestions`, best first.

    `step` is rule, category or triage. `reason` and each suggestion are plain data that stays with the
    case; routing.queries.explain says them in words.
    """

    department_id: int | None
    step: str
    reason: dict[str, object]
    support: tuple[int, ...] = ()
    priority: str | None = None
    suggestions: tuple[dict[str, object], ...] = ()
    faults: tuple[RuleFailure, ...] = field(default=(), compare=False)
