"""What somebody is told of their account, in the transaction of what happened.

Messages stand below accounts in the listing, so composition.py says how a notice becomes one.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum

from civic.accounts.models import User


class Notice(StrEnum):
    """Each but the last is a text: templates/messages/<notice>.txt."""

    CONFIRM = "account_confirm"  # is this address yours?
    EXISTS = "account_exists"  # somebody signs up with the address of an account
    SIGN_IN_LINK = "sign_in_link"  # somebody asked to sign in by a mail
    FAILED_SIGN_INS = "failed_sign_ins"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a text
    CONFIRMED = "confirmed"  # what waited for it can be told now


Notifier = Callable[[User, Notice], Awaitable[None]]
_notifier: Notifier | None = None


def set_notifier(notifier: Notifier) -> None:
    """How people are told; every program sets it once, at its start."""
    global _notifier
    _notifier = notifier


async def tell(user: User, notice: Notice) -> None:
    """Tell somebody of their account, within the caller's transaction."""
    if _notifier is None:
        raise RuntimeError("This program changes accounts and has not called set_notifier.")
    await _notifier(user, notice)
