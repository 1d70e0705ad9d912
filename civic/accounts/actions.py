"""Signing up, in and out, and changing one's own account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from civic import cookies, db, timing
from civic.accounts import limits, passwords
from civic.accounts.confirmation import ask_to_confirm
from civic.accounts.devices import Known
from civic.accounts.forms import NewPasswordForm, ProfileForm, SignInForm, SignUpForm, fold_email
from civic.accounts.models import Role, Session, User
from civic.accounts.names import city_words, sounds_official, words_of
from civic.accounts.notices import Notice, tell
from civic.accounts.people import Person
from civic.db import in_transaction, retry_transaction
from civic.errors import Invalid, NotFound, TooMany
from civic.i18n import gettext as _

# One e-mail or one address alone: much above what one person at one place can miss, much below what guessing needs.
ATTEMPTS_FACTOR = 10
MAX_SIGN_UPS_PER_HOUR = 30
VISITS_NOTED_EVERY = timedelta(minutes=10)
# An e-mail that is confirmed for one account can wait to be for others: see accounts/confirmation.py.
MAX_CANDIDATES = 2
CANDIDATES = """
SELECT id FROM user_account WHERE email = $1 AND disabled_at IS NULL
ORDER BY email_confirmed_at IS NULL, id = ANY($2) DESC, id DESC LIMIT $3
"""
FIND_USER = """
SELECT id FROM user_account WHERE email = $1 OR id::text = $1
ORDER BY email_confirmed_at IS NULL, id DESC LIMIT 1
"""
END_SESSION = "UPDATE user_session SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1 AND user_id = $2"
END_OTHER_SESSIONS = "UPDATE user_session SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL"


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun; `token` is for the cookie and is kept nowhere."""

    user: User
    token: str


@retry_transaction
async def create_user(
    entry: SignUpForm, *, role: Role = Role.CITIZEN, language: str = "", confirmed: bool = False
) -> User:
    """Create a user, within the caller's transaction if there is one; `confirmed`: the e-mail is known to be theirs.

    Raises Invalid if `confirmed` and the e-mail has such a user already.
    """
    user = await _new_user(entry, role, language)
    user.email_confirmed_at = timing.now() if confirmed else None
    try:
        async with in_transaction():
            await user.save()
    except IntegrityError:
        raise Invalid(fields={"email": _("There is an account with this email already.")}) from None
    return user


async def _new_user(entry: SignUpForm, role: Role, language: str) -> User:
    """A user without a row. The password is hashed here, before any transaction."""
    return User(
        email=entry.email,
        name=entry.name,
        password_hash=await passwords.hash_password(entry.password),
        role=role,
        language=language,
        created_at=timing.now(),
    )


async def check_new_password(password: str, *personal: str) -> None:
    """Raises Invalid (field "password") if it is easy to guess for who knows the city and these words of the person."""
    words = words_of([*(await city_words()).names, *personal])
    if await passwords.is_easy_to_guess(password, words):
        raise Invalid(
            fields={
                "password": _(
                    "This is easy to guess: it is common, or made of common words, names, dates or keys in a "
                    "row. Several unrelated words work well."
                )
            }
        )


async def _check_name(name: str) -> None:
    if sounds_official(name, await city_words()):
        raise Invalid(fields={"name": _("This name looks official. Please choose one of your own.")})


@retry_transaction
async def sign_up(
    entry: SignUpForm, *, address: str, browser: str = "", language: str = "", earlier: int = 0
) -> SignedIn:
    """A new citizen, signed in; this browser's `earlier` session ends, and the address is asked to be confirmed.

    An address that has an account is taken as any other, so that nobody learns who has one: its owner is told. Raises
    Invalid for a weak password or a name that sounds official, TooMany from one address.
    """
    await limits.spend("sign-up", address, MAX_SIGN_UPS_PER_HOUR)
    await _check_name(entry.name)
    await check_new_password(entry.password, entry.email, entry.name)
    user = await _new_user(entry, Role.CITIZEN, language)
    async with in_transaction():
        await user.save()
        token = await begin_session(user, browser, earlier)
        await ask_to_confirm(user)
    return SignedIn(user, token)


@retry_transaction
async def sign_in(
    entry: SignInForm, *, address: str, known: Known, browser: str = "", attempts: int = 20, earlier: int = 0
) -> SignedIn:
    """Begin a session; this browser's `earlier` one ends, so that no token outlives a change of rights.

    A wrong password, an unknown e-mail and a disabled user take as long and say the same: Invalid. At most `attempts`
    fail in an hour for one e-mail from one address, ten times as many for either alone; then TooMany. A browser that
    is `known` for the account has a count of its own, which no stranger uses up; nobody gets another account's so.
    """
    candidates = await find_candidates(entry.email, known)
    tries = await _count_try(entry.email, address, candidates, known, attempts)
    user = await _whose_password(tries.checked, entry.password)
    if user is None:
        if candidates and tries.by_strangers >= attempts:
            async with in_transaction():
                await tell(candidates[0], Notice.FAILED_SIGN_INS)
        raise Invalid(fields={"password": _("This email and password do not match.")})
    for what, who in tries.counted:
        await limits.refund(what, who)
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = await passwords.hash_password(entry.password)
        await user.save(update_fields=["password_hash"])
    return SignedIn(user, await begin_session(user, browser, earlier))


@dataclass
class _Tries:
    """A try to sign in that was counted."""

    checked: list[User] = field(default_factory=list)  # whose password is looked at
    counted: list[tuple[str, str]] = field(default_factory=list)  # as what, for whom
    by_strangers: int = 0  # failed ones for this e-mail in this hour, with this one


async def _count_try(email: str, address: str, candidates: Sequence[User], known: Known, attempts: int) -> _Tries:
    """Count a try for each account apart: as a known browser's for those that this one is known for, else as a
    stranger's. Raises TooMany where there are too many of all."""
    tries, refused = _Tries(), None
    for user in [one for one in candidates if one.id in known]:
        refused = await _spend(tries, [("sign-in-known", f"{user.id} {known[user.id]}", attempts)], [user]) or refused
    others = [one for one in candidates if one.id not in known]
    if others or not candidates:
        counts = [("sign-in", f"{email} {address}", attempts)]
        counts += [("sign-in-any", who, attempts * ATTEMPTS_FACTOR) for who in (address, email)]
        refused = await _spend(tries, counts, others) or refused
    if refused and not tries.checked:
        raise refused
    return tries


async def _spend(tries: _Tries, counts: Sequence[tuple[str, str, int]], users: Sequence[User]) -> TooMany | None:
    """Look at these users' passwords, unless one of the counts is used up; then why not."""
    try:
        for what, who, most in counts:
            count = await limits.spend(what, who, most)
            tries.counted.append((what, who))
    except TooMany as error:
        return error
    tries.checked += users
    tries.by_strangers = count if len(counts) > 1 else tries.by_strangers
    return None


async def find_candidates(email: str, known: Known) -> list[User]:
    """Who may sign in with this e-mail: the account that has it confirmed, and one of those that wait for that."""
    ids = [row["id"] for row in await db.fetch(CANDIDATES, email, list(known), MAX_CANDIDATES)]
    users = {user.id: user for user in await User.filter(id__in=ids)}
    return [users[one] for one in ids]


async def _whose_password(candidates: Sequence[User], password: str) -> User | None:
    """The candidate with this password. It takes as long for any number of them."""
    found = None
    for at in range(MAX_CANDIDATES):
        user = candidates[at] if at < len(candidates) else None
        if await passwords.verify(user.password_hash if user else None, password):
            found = found or user
    return found


@retry_transaction
async def begin_session(user: User, browser: str, earlier: int) -> str:
    """A new session, whose token is returned; this browser's `earlier` one ends."""
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


@retry_transaction
async def change_password(person: Person, entry: NewPasswordForm, *, attempts: int = 20) -> str:
    """Take a new password; every other session ends, and this one goes on with the token that is returned.

    Raises Invalid if `current` is wrong or the new one is weak, TooMany after too many of these.
    """
    await limits.spend("password", str(person.id), attempts)
    user = await User.get(id=person.id)
    if not await passwords.verify(user.password_hash, entry.current):
        raise Invalid(fields={"current": _("This is not your current password.")})
    await check_new_password(entry.password, user.email, user.name)
    await limits.refund("password", str(person.id))
    token, user.password_hash = cookies.new_token(), await passwords.hash_password(entry.password)
    async with in_transaction():
        await save_password(user, but=person.session_id)
        await Session.filter(id=person.session_id).update(token_hash=cookies.token_digest(token))
    return token


async def save_password(user: User, *, but: int = 0) -> None:
    """Save a new password, end all sessions `but` one, and tell the owner; in the caller's transaction."""
    await user.save(update_fields=["password_hash"])
    await _end_sessions(user.id, but=but)
    await tell(user, Notice.PASSWORD_CHANGED)


@retry_transaction
async def reset_password(named: str, password: str) -> User:
    """For operators: a new password; every session ends. Raises NotFound, Invalid for a weak one."""
    user = await find_user(named)
    await check_new_password(password, user.email, user.name)
    user.password_hash = await passwords.hash_password(password)
    async with in_transaction():
        await save_password(user)
    return user


async def change_profile(person: Person, entry: ProfileForm) -> None:
    """Raises Invalid if a citizen takes a name that sounds official."""
    if not person.is_staff:
        await _check_name(entry.name)
    await User.filter(id=person.id).update(name=entry.name, language=entry.language)


@retry_transaction
async def disable_user(named: str) -> User:
    """End a user's sessions and refuse new ones; their posts stay. Raises NotFound."""
    user = await find_user(named)
    user.disabled_at = user.disabled_at or timing.now()
    async with in_transaction():
        await user.save(update_fields=["disabled_at"])
        await _end_sessions(user.id)
    return user


async def enable_user(named: str) -> User:
    """Let a disabled user sign in again, with the password that they had. Raises NotFound."""
    user = await find_user(named)
    user.disabled_at = None
    await user.save(update_fields=["disabled_at"])
    return user


async def find_user(named: str) -> User:
    """The user with this e-mail, or with this id, as operators name them. Raises NotFound.

    Of several with an e-mail it is the one that has it confirmed, else the newest.
    """
    row = await db.fetch_one(FIND_USER, fold_email(named))
    if row is None:
        raise NotFound(_("There is no user with the email %(email)s.", email=named))
    return await User.get(id=row["id"])


async def delete_expired_counts() -> None:
    """Drop counts whose time is over."""
    await limits.delete_expired()


EXPIRED_SESSIONS = "DELETE FROM user_session WHERE seen_at < $1 OR revoked_at < $2"
ENDED_KEPT = timedelta(days=1)


async def delete_expired_sessions(session_days: int) -> None:
    """Forget the sessions that have ended: nobody comes back with their cookies."""
    now = timing.now()
    await db.execute(EXPIRED_SESSIONS, now - timedelta(days=session_days), now - ENDED_KEPT)


async def note_visit(session_id: int, seen_at: datetime) -> None:
    """Note a visit of a session, at most every ten minutes, so that reading a page hardly ever writes."""
    now = timing.now()
    if seen_at < now - VISITS_NOTED_EVERY:
        await Session.filter(id=session_id).update(seen_at=now)
