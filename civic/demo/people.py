"""Who lives in the demo city, and who writes for its departments."""

from dataclasses import dataclass

from civic import timing
from civic.accounts import passwords
from civic.accounts.forms import SignUpForm
from civic.accounts.models import Role, User
from civic.accounts.people import Person
from civic.catalogue.members import add_user
from civic.catalogue.queries import catalogue
from civic.demo.history import PERFORMANCE
from civic.demo.phrases import phrases

EMAIL_HOST = "riverside.example"
SHOWN = ("roads", "water", "sanitation", "parks", "lighting")  # departments whose addresses are printed


@dataclass(frozen=True)
class DemoPeople:
    """Citizens; and by the id of a department who writes for it."""

    citizens: list[Person]
    staff: dict[int, Person]


async def make_people(password: str) -> DemoPeople:
    """Citizens and staff, all with one password. The first citizen is one to sign in with."""
    hashed, now = await passwords.hash_password(password), timing.now()
    citizens = [
        User(email=f"citizen{n}@{EMAIL_HOST}", name=name, password_hash=hashed, created_at=now, email_confirmed_at=now)
        for n, name in enumerate(phrases()["people"]["names"], start=1)
    ]
    await User.bulk_create(citizens)
    saved = await User.filter(email__in=[one.email for one in citizens]).order_by("id")
    staff = {}
    for slug in PERFORMANCE:
        department = (await catalogue()).department_by_slug[slug]
        form = SignUpForm(email=f"{slug}@{EMAIL_HOST}", password=password, name=slug.replace("-", " ").title())
        user = await add_user(form, Role.LEAD, [slug])
        staff[department.id] = Person(user.id, user.name, role=Role.LEAD, departments=frozenset({department.id}))
    for role in (Role.DISPATCHER, Role.ADMIN):
        await add_user(SignUpForm(email=f"{role.value}@{EMAIL_HOST}", password=password, name=role.value.title()), role)
    return DemoPeople([Person(id=one.id, name=one.name) for one in saved], staff)
