"""Users and the departments that they act for, as an operator sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from civic import db
from civic.accounts.actions import check_new_password, create_user
from civic.accounts.forms import SignUpForm
from civic.accounts.models import Role, User
from civic.accounts.people import Person
from civic.catalogue.models import Department, Membership
from civic.db import in_transaction, retry_transaction
from civic.errors import Invalid
from civic.i18n import gettext as _


@dataclass(frozen=True)
class UserView:
    id: int
    email: str
    confirmed: bool
    name: str
    role: str
    departments: list[str]
    created_at: datetime
    disabled: bool


async def add_departments(person: Person) -> Person:
    """The person with the departments that they act for. Only staff act for one, so others cost no statement."""
    if not person.is_staff:
        return person
    memberships = await Membership.filter(user_id=person.id)
    return replace(person, departments=frozenset(membership.department_id for membership in memberships))


@retry_transaction
async def add_user(entry: SignUpForm, role: Role, departments: Sequence[str] = ()) -> User:
    """A user who acts for these departments (slugs); the operator vouches for the e-mail.

    Raises Invalid: an agent or a lead needs at least one department.
    """
    if role in (Role.AGENT, Role.LEAD) and not departments:
        raise Invalid(fields={"department": _("An agent or a lead needs at least one department.")})
    found = await Department.filter(slug__in=list(departments), retired_at=None)
    if unknown := sorted(set(departments) - {one.slug for one in found}):
        raise Invalid(fields={"department": _("There is no department %(names)s.", names=", ".join(unknown))})
    await check_new_password(entry.password, entry.email, entry.name)
    async with in_transaction():
        user = await create_user(entry, role=role, confirmed=True)
        for one in found:
            await Membership.create(user_id=user.id, department_id=one.id)
    return user


USERS = """
SELECT u.id, u.email, u.email_confirmed_at IS NOT NULL AS confirmed, u.name, u.role, u.created_at,
       u.disabled_at IS NOT NULL AS disabled,
       array(SELECT d.slug FROM membership m JOIN department d ON d.id = m.department_id
             WHERE m.user_id = u.id ORDER BY d.slug) AS departments
FROM user_account u WHERE $1 OR u.role <> 'citizen' ORDER BY u.role, u.email LIMIT $2
"""


async def list_users(*, citizens: bool = False, limit: int = 10_000) -> list[UserView]:
    """Staff, and with `citizens` everybody."""
    return [UserView(**row) for row in await db.fetch(USERS, citizens, limit)]
