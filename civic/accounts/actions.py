"""Signing up, in and out, and changing one's own account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from civic import cookies, db, timing
from civic.accounts import limits, passwords
from civic.accounts.forms import NewPasswordForm, ProfileForm, SignInForm, SignUpForm
from civic.accounts.models import Role, Session, User
from civic.accounts.people import Person
from civic.errors import Invalid, NotFound
from civic.i18n import gettext as _

# One e-mail or one address alone: much above what one person at one place can miss, much below what guessing needs.
ATTEMPTS_FACTOR = 10
MAX_SIGN_UPS_PER_HOUR = 30
VISITS_NOTED_EVERY = timedelta(minutes=10)
END_SESSION = "UPDATE user_session SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1 AND user_id = $2"
END_OTHER_SESSIONS = "UPDATE user_session SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL"


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun; `token` is for the cookie and is kept nowhere."""

    user: User
    token: str


async def create_user(
    entry: SignUpForm, *, role: Role = Role.CITIZEN, language: str = "", confirmed: bool = False
) -> User:
    """Create a user, within the caller's transaction if there is one; `confirmed`: the e-mail is known to be theirs.

    Raises Invalid if the e-mail has a user already.
    """
    hashed = await passwords.hash_password(entry.password)
    try:
        async with in_transaction():
            return await User.create(
                email=entry.email,
                name=entry.name,
                password_hash=hashed,
                role=role,
                language=language,
                created_at=timing.now(),
                email_confirmed_at=timing.now() if confirmed else None,
            )
    except IntegrityError:
        raise Invalid(fields={"email": _("There is an account with this e-mail already.")}) from None


async def sign_up(
    entry: SignUpForm, *, address: str, browser: str = "", language: str = "", earlier: int = 0
) -> SignedIn:
    """A new citizen, signed in; this browser's `earlier` session ends.

    Raises Invalid when the e-mail has an account, TooMany from one address.
    """
    await limits.spend("sign-up", address, MAX_SIGN_UPS_PER_HOUR)
    user = await create_user(entry, language=language)
    return SignedIn(user, await _begin_session(user, browser, earlier))


async def sign_in(
    entry: SignInForm, *, address: str, browser: str = "", attempts: int = 20, earlier: int = 0
) -> SignedIn:
    """Begin a session; this browser's `earlier` one ends, so that no token outlives a change of rights.

    A wrong password, an unknown e-mail and a disabled user take as long and say the same: Invalid. At most `attempts`
    fail in an hour for one e-mail from one address, ten times as many for either alone; then TooMany.
    """
    counted = [("sign-in", f"{entry.email} {address}", attempts)]
    counted += [("sign-in-any", who, attempts * ATTEMPTS_FACTOR) for who in (entry.email, address)]
    for what, who, most in counted:
        await limits.spend(what, who, most)
    user = await User.get_or_none(email=entry.email, disabled_at=None)
    if not await passwords.verify(user.password_hash if user else None, entry.password) or user is None:
        raise Invalid(fields={"password": _("This e-mail and password do not match.")})
    for what, who, _most in counted:
        await limits.refund(what, who)
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = await passwords.hash_password(entry.password)
        await user.save(update_fields=["password_hash"])
    return SignedIn(user, await _begin_session(user, browser, earlier))


async def _begin_session(user: User, browser: str, earlier: int) -> str:
    token, now = cookies.new_token(), timing.now()
    async with in_transaction():
        await Session.filter(id=earlier, revoked_at=None).update(revoked_at=now)
        await Session.create(
            token_hash=cookies.token_digest(token), user_id=user.id, created_at=now, seen_at=now, browser=browser[:60]
        )
    return token


async def end_session(user_id: int, session_id: int) -> None:
    """Sign out there. Raises NotFound for a session of somebody else."""
    ended = await db.execute(
        END_SESSION,
        session_id,
        user_id,
        timing.now(),
    )
    if not ended:
        raise NotFound()


async def _end_sessions(user_id: int, *, but: int = 0) -> None:
    await db.execute(
        END_OTHER_SESSIONS,
        user_id,
        but,
        timing.now(),
    )


async def change_password(person: Person, entry: NewPasswordForm, *, attempts: int = 20) -> None:
    """Take a new password; every other session ends. Raises Invalid if `current` is wrong, TooMany after too many."""
    await limits.spend("password", str(person.id), attempts)
    user = await User.get(id=person.id)
    if not await passwords.verify(user.password_hash, entry.current):
        raise Invalid(fields={"current": _("This is not your current password.")})
    await limits.refund("password", str(person.id))
    await _set_password(user, entry.password, but=person.session_id)


async def _set_password(user: User, password: str, *, but: int = 0) -> None:
    user.password_hash = await passwords.hash_password(password)
    async with in_transaction():
        await user.save(update_fields=["password_hash"])
        await _end_sessions(user.id, but=but)


async def reset_password(email: str, password: str) -> None:
    """For operators: a new password; every session ends. Raises NotFound."""
    await _set_password(await user_by_email(email), password)


async def change_profile(person: Person, entry: ProfileForm) -> None:
    await User.filter(id=person.id).update(name=entry.name, language=entry.language)


async def disable_user(email: str) -> User:
    """End a user's sessions and refuse new ones; their posts stay. Raises NotFound."""
    user = await user_by_email(email)
    user.disabled_at = user.disabled_at or timing.now()
    async with in_transaction():
        await user.save(update_fields=["disabled_at"])
        await _end_sessions(user.id)
    return user


async def user_by_email(email: str) -> User:
    """Raises NotFound."""
    user = await User.get_or_none(email=email.strip().lower())
    if user is None:
        raise NotFound(_("There is no user with the e-mail %(email)s.", email=email))
    return user


async def delete_expired_counts() -> None:
    """Drop counts whose time is over."""
    await limits.delete_expired()


async def note_visit(session_id: int, seen_at: datetime) -> None:
    """Note a visit of a session, at most every ten minutes, so that reading a page hardly ever writes."""
    now = timing.now()
    if seen_at < now - VISITS_NOTED_EVERY:
        await Session.filter(id=session_id).update(seen_at=now)
