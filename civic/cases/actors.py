"""Who acts on a case, and in which capacity."""

from dataclasses import dataclass
from enum import StrEnum

from civic.accounts.people import Person
from civic.errors import NotAllowed


class ActorKind(StrEnum):
    REPORTER = "reporter"  # the author of one of the case's reports
    CITIZEN = "citizen"
    DEPARTMENT = "department"
    DISPATCHER = "dispatcher"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id` is None for a reporter without an account and for the system."""

    kind: ActorKind
    user_id: int | None = None
    department_id: int | None = None

    @classmethod
    def of(cls, person: Person, department_id: int | None = None) -> "Actor":
        """Return what `person` acts as: for the department named, else as dispatcher, else as a citizen.

        A dispatcher who names a department speaks for it, as its members do. Raises NotAllowed for somebody
        else's department.
        """
        user = person.id or None
        if department_id is not None:
            if not person.acts_for(department_id):
                raise NotAllowed()
            return cls(ActorKind.DEPARTMENT, user, department_id)
        return cls(ActorKind.DISPATCHER if person.is_dispatcher else ActorKind.CITIZEN, user)

    @classmethod
    def reporter(cls, person: Person) -> "Actor":
        """Return the author of one of the case's reports. The caller has checked that they are one."""
        return cls(ActorKind.REPORTER, person.id or None)


SYSTEM = Actor(ActorKind.SYSTEM)
