"""Users and the departments that they act for, as an operator sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ConfigDict
from tortoise.exceptions import IntegrityError

from civic import db, timing
from civic.accounts.actions import check_new_password, create_user, find_user
from civic.accounts.forms import AccountEmail, SignUpForm, UserName
from civic.accounts.models import Role, User
from civic.accounts.people import NOBODY, Person
from civic.accounts.queries import make_person
from civic.catalogue.models import Department, Membership
from civic.catalogue.sql import MEMBER, USERS
from civic.db import in_transaction, retry_transaction
from civic.errors import Invalid
from civic.forms import Form
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


async def find_person(token_digest: str, session_days: int = 30) -> tuple[Person, datetime | None]:
    """The person whose session it is, with the departments that they act for, and the time of the last noted visit.

    (NOBODY, None) if the session ended (`session_days` without a visit) or was revoked, or the user is disabled.
    """
    row = await db.fetch_one(MEMBER, token_digest, timing.now() - timedelta(days=session_days))
    if row is None:
        return NOBODY, None
    return make_person(row, frozenset(row["departments"])), row["seen_at"]


@retry_transaction
async def add_user(entry: SignUpForm, role: Role, departments: Sequence[str] = ()) -> User:
    """A user who acts for these departments (slugs); the operator vouches for the e-mail.

    Raises Invalid: an agent or a lead needs at least one department.
    """
    found = await _find_departments(role, departments)
    await check_new_password(entry.password, entry.email, entry.name)
    async with in_transaction():
        user = await create_user(entry, role=role, confirmed=True)
        for one in found:
            await Membership.create(user_id=user.id, department_id=one.id)
    return user


async def _find_departments(role: Role, slugs: Sequence[str]) -> list[Department]:
    if role in (Role.AGENT, Role.LEAD) and not slugs:
        raise Invalid(fields={"department": _("An agent or a lead needs at least one department.")})
    found = await Department.filter(slug__in=list(slugs), retired_at=None)
    if unknown := sorted(set(slugs) - {one.slug for one in found}):
        raise Invalid(fields={"department": _("There is no department %(names)s.", names=", ".join(unknown))})
    return found


class UserChangeForm(Form):
    """What an operator changes of an account: the fields that are given. `department` has the slugs of all."""

    model_config = ConfigDict(validate_default=False)

    role: Role = Role.CITIZEN
    department: list[str] = []
    name: UserName = ""
    email: AccountEmail = ""


@retry_transaction
async def change_user(named: str, change: UserChangeForm) -> UserView:
    """Change role, departments, name or e-mail, at once for all sessions; the operator vouches for the e-mail of staff.

    Who becomes a citizen acts for no department any more. Raises NotFound, and Invalid: an agent or a lead needs a
    department, and an e-mail is one account's.
    """
    user, given = await find_user(named), change.model_fields_set
    role = change.role if "role" in given else user.role
    before = [one["department__slug"] for one in await Membership.filter(user_id=user.id).values("department__slug")]
    slugs = [] if role is Role.CITIZEN else change.department if "department" in given else before
    departments = await _find_departments(role, slugs) if given & {"role", "department"} else None
    user.role, user.email = role, change.email or user.email
    user.name = change.name if "name" in given else user.name
    if role is not Role.CITIZEN or change.email:
        user.email_confirmed_at = user.email_confirmed_at or timing.now()
    try:
        async with in_transaction():
            await user.save()
            if departments is not None:
                await Membership.filter(user_id=user.id).delete()
                for one in departments:
                    await Membership.create(user_id=user.id, department_id=one.id)
    except IntegrityError:
        raise Invalid(fields={"email": _("There is an account with this email already.")}) from None
    return UserView(**(await db.fetch(USERS.format(which="u.id = $1"), user.id, 1))[0])


async def list_users(*, citizens: bool = False, limit: int = 10_000) -> list[UserView]:
    """Staff, and with `citizens` everybody."""
    return [UserView(**row) for row in await db.fetch(USERS.format(which="$1 OR u.role <> 'citizen'"), citizens, limit)]
