"""The statuses of a case: the one table that pages, SQL, JSON, JavaScript and the search index are fed from."""

from enum import StrEnum
from typing import Self

from babel.support import LazyProxy

from civic.i18n import lazy as _

# Defaults of the columns below: Status("received") looks a status up and makes none, which a type checker cannot know.
UNNAMED = LazyProxy(str)


class StatusGroup(StrEnum):
    """What a status means to somebody who looks for reports: the groups that a list can be filtered by."""

    label: LazyProxy

    OPEN = "open", _("Open")
    SOLVED = "solved", _("Solved")
    DECLINED = "declined", _("Declined")
    MERGED = "merged", _("Merged")

    def __new__(cls, code: str, label: LazyProxy = UNNAMED) -> Self:
        group = str.__new__(cls, code)
        group._value_, group.label = code, label
        return group


class Status(StrEnum):
    """A case's status. Columns: code, group, label, CSS class of the label and of a pin on the map, sign."""

    group: StatusGroup
    label: LazyProxy
    look: str
    sign: str

    RECEIVED = "received", StatusGroup.OPEN, _("Received"), "wait", "○"
    ASSIGNED = "assigned", StatusGroup.OPEN, _("Assigned"), "", "●"
    IN_PROGRESS = "in_progress", StatusGroup.OPEN, _("In progress"), "", "◐"
    WAITING = "waiting", StatusGroup.OPEN, _("Waiting for an answer"), "wait", "…"
    RESOLVED = "resolved", StatusGroup.SOLVED, _("Solved, not yet confirmed"), "done", "✓"
    CONFIRMED = "confirmed", StatusGroup.SOLVED, _("Solved"), "done", "✔"
    DECLINED = "declined", StatusGroup.DECLINED, _("Declined"), "off", "×"
    MERGED = "merged", StatusGroup.MERGED, _("Merged"), "off", "⇉"

    def __new__(
        cls,
        code: str,
        group: StatusGroup = StatusGroup.OPEN,
        label: LazyProxy = UNNAMED,
        look: str = "",
        sign: str = "",
    ) -> Self:
        status = str.__new__(cls, code)
        status._value_ = code
        status.group, status.label, status.look, status.sign = group, label, look, sign
        return status

    @property
    def is_open(self) -> bool:
        """Work is still to be done."""
        return self.group is StatusGroup.OPEN

    @property
    def is_held(self) -> bool:
        """A department leads the case."""
        return self.is_open and self is not Status.RECEIVED


OVERDUE_LOOK = "late"  # instead of its status's, for a case that is overdue
OPEN = frozenset(status for status in Status if status.is_open)
HELD = frozenset(status for status in Status if status.is_held)
SOLVED = frozenset(status for status in Status if status.group is StatusGroup.SOLVED)
