"""The person who makes the current request."""

from dataclasses import dataclass

from civic.accounts.models import Role

STAFF = frozenset({Role.AGENT, Role.LEAD, Role.DISPATCHER, Role.ADMIN})
DISPATCH = frozenset({Role.DISPATCHER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user with the ids of their departments; or, with `id` 0, somebody unknown."""

    id: int = 0
    name: str = ""
    email: str = ""
    role: Role = Role.CITIZEN
    departments: frozenset[int] = frozenset()
    language: str = ""
    session_id: int = 0
    confirmed: bool = False  # the e-mail address is known to be theirs

    @property
    def signed_in(self) -> bool:
        return self.id != 0

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def is_dispatcher(self) -> bool:
        return self.role in DISPATCH

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    def acts_for(self, department_id: int | None) -> bool:
        """An agent or lead of this department, or a dispatcher, who may act for any."""
        return self.is_dispatcher or (self.is_staff and department_id in self.departments)


NOBODY = Person()
