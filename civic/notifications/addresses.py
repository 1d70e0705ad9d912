"""Which mails an e-mail address gets.

An address that nobody confirmed gets only the mails that ask to confirm it, and few of those a day, as strangers cause
them. Whoever reads a mail can stop those about one report or account, or all, by a link that needs no account.
"""

from datetime import timedelta

from civic import db, signing, timing
from civic.accounts import limits
from civic.errors import TooMany
from civic.notifications.models import MailStop, Message
from civic.notifications.sql import ADD_STOP

# Kinds of messages that go to an address that nobody confirmed: their link shows whose it is.
CONFIRMATIONS = frozenset({"report_confirm", "account_confirm", "sign_in_link"})
# Sent to who asked for it, also to who wants no mails: the only way into an account whose password is forgotten.
ASKED_FOR = frozenset({"sign_in_link"})
# Caused by whoever types an address: at most `limits.unasked_mails_per_day` of them to one.
UNASKED = frozenset({"report_confirm", "account_confirm", "account_exists"})
# About the safety of an account: they stop only when all mails do.
SAFETY = frozenset({"account_exists", "failed_sign_ins", "password_changed"})
EVERYTHING = ""  # in place of what a mail is about
DAY = timedelta(days=1)


def address_of(message: Message) -> str:
    """Where a message is mailed to; `message.user` is loaded. Empty for one that is read at a desk."""
    return message.user.email if message.user else message.email


def address_digest(email: str) -> str:
    """How the database names an address that wants no mail."""
    return signing.digest("address of mails", email)


async def may_mail(message: Message) -> bool:
    """Whether its address is confirmed, or asked to be confirmed, and wants this mail."""
    email, user = address_of(message), message.user
    if not email or (user and user.email_confirmed_at is None and message.kind not in CONFIRMATIONS):
        return False
    if message.kind in ASKED_FOR:
        return True
    about = [EVERYTHING] if message.kind in SAFETY else [EVERYTHING, message.about]
    return not await MailStop.exists(address=address_digest(email), about__in=about)


async def spend_unasked(message: Message, per_day: int) -> bool:
    """Count a mail that a stranger can cause; False if the address got enough of them today."""
    try:
        if message.kind in UNASKED:
            await limits.spend("mail", address_of(message), per_day, DAY)
    except TooMany:
        return False
    return True


async def refund_unasked(message: Message) -> None:
    """It was not sent after all."""
    if message.kind in UNASKED:
        await limits.refund("mail", address_of(message))


def stop_token(message: Message) -> str:
    """For the link of a mail: whoever has it may stop these mails. Good for ever."""
    return signing.sign("stop mails", f"{address_digest(address_of(message))}-{message.about}")


def read_stop_token(token: str) -> tuple[str, str] | None:
    """The address (its digest) and what its mails are about; None if it is no token of ours."""
    text = signing.read_signed("stop mails", token)
    if text is None:
        return None
    address, _, about = text.partition("-")
    return address, about


async def stop_mails(address: str, about: str) -> None:
    """Send an address (its digest) no more mails about this, or about EVERYTHING."""
    await db.execute(ADD_STOP, address, about, timing.now())


async def allow_mails(address: str, about: str) -> None:
    """Undo `stop_mails` for this and for everything."""
    await MailStop.filter(address=address, about__in=[EVERYTHING, about]).delete()


async def is_stopped(address: str, about: str) -> bool:
    """Whether the address wants no mails about this."""
    return await MailStop.exists(address=address, about__in=[EVERYTHING, about])
