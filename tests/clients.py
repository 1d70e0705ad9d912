"""Browsers without a browser: they ask the program in this process and keep its cookies."""

import httpx2
from starlette.applications import Starlette

from civic import cookies, timing
from civic.accounts.models import Role, Session, User
from civic.catalogue.models import Membership

SITE = "http://testserver"
# Somebody else's computer: the limits count by address, and this one is documentation's (RFC 5737).
ADDRESS = ("203.0.113.7", 40000)


class Client(httpx2.AsyncClient):
    """Somebody at their browser. Redirects are not followed; forms come from this site's own pages."""

    user: User | None = None

    def __init__(self, app: Starlette) -> None:
        self.app = app
        transport = httpx2.ASGITransport(app, client=ADDRESS)
        super().__init__(transport=transport, base_url=SITE, headers={"Origin": SITE, "Accept": "text/html"})

    async def sign_in(self, user: User) -> "Client":
        """Open a session as signing in does, without the cost of checking a password."""
        token, now = cookies.new_token(), timing.now()
        await Session.create(token_hash=cookies.token_digest(token), user=user, created_at=now, seen_at=now)
        self.cookies.set(cookies.SESSION, token)
        self.user = user
        return self

    async def join(self, department_id: int) -> "Client":
        """Act for a department from now on."""
        assert self.user
        await Membership.create(user=self.user, department_id=department_id)
        return self


async def make_user(email: str, role: Role = Role.CITIZEN, *, name: str = "", language: str = "en") -> User:
    """Somebody with a confirmed e-mail whose password fits nothing."""
    return await User.create(
        email=email,
        name=name,
        role=role,
        language=language,
        password_hash="-",
        created_at=timing.now(),
        email_confirmed_at=timing.now(),
    )
