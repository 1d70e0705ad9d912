"""The e-mail address of an account, which is its owner's once they press the button of a mail's link.

An account is used from the moment of signing up, but only one with a confirmed address holds that address. So signing
up with somebody else's address looks as with any other, and takes nothing from them.
"""

from datetime import timedelta
from enum import StrEnum

from tortoise.exceptions import IntegrityError

from civic import signing, timing
from civic.accounts import limits
from civic.accounts.models import User
from civic.accounts.notices import Notice, tell
from civic.accounts.people import Person
from civic.db import in_transaction, retry_transaction
from civic.web import parse_id

LINK_GOOD_FOR = timedelta(days=14)
MAX_ASKED_PER_HOUR = 5


class Confirmed(StrEnum):
    """What came of a link."""

    YES = "yes"
    OLD = "old"  # too old, or not ours
    TAKEN = "taken"  # another account has confirmed this address


def confirmation_path(user: User) -> str:
    """The page of the link that is mailed to the account's address."""
    token = signing.sign(_purpose(user.email), str(user.id), timing.now() + LINK_GOOD_FOR)
    return f"/account/confirm/{token}"


def _purpose(email: str) -> str:
    return f"e-mail of an account {email}"


async def ask_to_confirm(user: User) -> None:
    """Mail the address of an account, in the transaction in hand: is it theirs? If it has an account, that one's owner
    is told so instead."""
    owner = await User.get_or_none(email=user.email, email_confirmed_at__not_isnull=True)
    await tell(owner or user, Notice.EXISTS if owner else Notice.CONFIRM)


@retry_transaction
async def ask_again(person: Person) -> None:
    """Mail the question once more, if it is still open. Raises TooMany."""
    await limits.spend("confirm", f"user {person.id}", MAX_ASKED_PER_HOUR)
    user = await User.get(id=person.id)
    if user.email_confirmed_at is None:
        async with in_transaction():
            await ask_to_confirm(user)


@retry_transaction
async def confirm_email(token: str) -> Confirmed:
    """The address is the account's, as the token of a mail shows. What happened meanwhile is told once."""
    user_id = parse_id(token.partition(".")[0])
    user = await User.get_or_none(id=user_id) if user_id is not None else None
    if user is None or signing.read_signed(_purpose(user.email), token) != str(user.id):
        return Confirmed.OLD
    if user.email_confirmed_at is not None:
        return Confirmed.YES
    try:
        async with in_transaction():
            await mark_confirmed(user)
    except IntegrityError:
        return Confirmed.TAKEN
    return Confirmed.YES


async def mark_confirmed(user: User) -> None:
    """The address is the account's, and what waited for that is told; in the caller's transaction.

    Raises IntegrityError where another account has confirmed it.
    """
    user.email_confirmed_at = timing.now()
    await user.save(update_fields=["email_confirmed_at"])
    await tell(user, Notice.CONFIRMED)
