"""Signing in by the link of a mail: for who has forgotten the password, or wants none.

The answer is the same whether an account has the address or not. A link is good once, for an hour, and until the
password is another one. Opening its page changes nothing, as programs that read mail open links; its button signs in.
Whoever presses it reads the mails of this address, so the address is confirmed by it.
"""

import secrets
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from civic import signing, timing
from civic.accounts import limits, passwords
from civic.accounts.actions import SignedIn, begin_session, check_new_password, find_candidates, save_password
from civic.accounts.confirmation import mark_confirmed
from civic.accounts.forms import EnterForm, MailedLinkForm
from civic.accounts.models import User
from civic.accounts.notices import Notice, tell
from civic.db import in_transaction, retry_transaction
from civic.errors import Conflict, TooMany
from civic.i18n import lazy as _
from civic.web import parse_id

LINK_GOOD_FOR = timedelta(hours=1)
MAX_ASKED_PER_EMAIL, MAX_ASKED_PER_ADDRESS = 5, 50  # in an hour
USED = "mailed link"


class OldLink(Conflict):
    message = _("This link has expired, was used before, or is incomplete. Please ask for a new one.")


def mailed_link_path(user: User) -> str:
    """The page of the link that is mailed to the account's address; another one each time."""
    text = f"{user.id}-{secrets.token_hex(8)}"
    return f"/sign-in/mail/{signing.sign(_purpose(user), text, timing.now() + LINK_GOOD_FOR)}"


def _purpose(user: User) -> str:
    return f"sign in by mail {user.email} {user.password_hash}"


async def ask_for_link(entry: MailedLinkForm, *, address: str) -> None:
    """Mail a link to the account of an e-mail, if there is one. Raises TooMany, whether there is one or not."""
    await limits.spend("mailed-links-from", address, MAX_ASKED_PER_ADDRESS)
    await limits.spend("mailed-links-to", entry.email, MAX_ASKED_PER_EMAIL)
    for user in (await find_candidates(entry.email, {}))[:1]:
        await _mail_link(user)


@retry_transaction
async def _mail_link(user: User) -> None:
    async with in_transaction():
        await tell(user, Notice.SIGN_IN_LINK)


async def find_linked_user(token: str) -> User:
    """Whom a link signs in. Raises OldLink; not for a link that was used, which `enter` finds out."""
    user_id = parse_id(token.partition("-")[0])
    user = await User.get_or_none(id=user_id, disabled_at=None) if user_id is not None else None
    if user is None or signing.read_signed(_purpose(user), token) is None:
        raise OldLink()
    return user


async def enter(user: User, token: str, entry: EnterForm, *, browser: str = "", earlier: int = 0) -> SignedIn:
    """Begin a session of who was found by a link, which is used up by it; with a new password, if one is given.

    This browser's `earlier` session ends, and with a new password every other one. Where nobody had confirmed the
    address, the old password ends in any case: whoever chose it may have typed somebody else's address. Raises OldLink,
    and Invalid for a weak password, after which the link is still good.
    """
    password_hash = ""
    if entry.password:
        await check_new_password(entry.password, user.email, user.name)
    if entry.password or user.email_confirmed_at is None:
        password_hash = await passwords.hash_password(entry.password or secrets.token_urlsafe(32))
    try:
        await limits.spend(USED, token, 1, LINK_GOOD_FOR)
    except TooMany:
        raise OldLink() from None
    return await _enter(user.id, password_hash, browser, earlier)


@retry_transaction
async def _enter(user_id: int, password_hash: str, browser: str, earlier: int) -> SignedIn:
    user = await User.get(id=user_id)
    try:
        async with in_transaction():
            if user.email_confirmed_at is None:
                await mark_confirmed(user)
            if password_hash:
                user.password_hash = password_hash
                await save_password(user)
            return SignedIn(user, await begin_session(user, browser, earlier))
    except IntegrityError:  # another account has confirmed this address since the mail
        raise OldLink() from None
