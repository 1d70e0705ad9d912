"""What somebody is told of their account, as messages."""

from civic import db, timing
from civic.accounts.confirmation import confirmation_path
from civic.accounts.mailed_links import mailed_link_path
from civic.accounts.models import User
from civic.accounts.notices import Notice
from civic.notifications.actions import notify
from civic.notifications.addresses import address_digest, allow_mails
from civic.notifications.sql import NEVER_MAILED

PAGES = {Notice.EXISTS: "/sign-in", Notice.FAILED_SIGN_INS: "/account", Notice.PASSWORD_CHANGED: "/account"}
# Mailed to the address alone: whoever signed up with somebody else's must not find the link among their messages.
LINKS = {Notice.CONFIRM: confirmation_path, Notice.SIGN_IN_LINK: mailed_link_path}
ONCE_A_DAY = (Notice.EXISTS, Notice.FAILED_SIGN_INS)


async def notify_account(user: User, notice: Notice) -> None:
    """Write the message, in the transaction in hand. What strangers can cause is told once a day."""
    now = timing.now()
    if notice is Notice.CONFIRMED:
        return await _tell_what_waited(user)
    key = f"user:{user.id}:{notice}:{now:{'%Y%m%d' if notice in ONCE_A_DAY else '%Y%m%d%H%M%S%f'}}"
    if notice not in LINKS:
        await notify(key, notice, user_id=user.id, url=PAGES[notice])
        return
    about, path = about_user(user.id), LINKS[notice](user)
    await notify(key, notice, email=user.email, about=about, language=user.language, url=path)


def about_user(user_id: int) -> str:
    """How mails name the account that they are about."""
    return f"user:{user_id}"


async def _tell_what_waited(user: User) -> None:
    """One mail about all messages that were not mailed, as nobody had confirmed the address."""
    await allow_mails(address_digest(user.email), about_user(user.id))
    row = await db.fetch_one(NEVER_MAILED, user.id)
    if row and row["n"]:
        await notify(
            f"user:{user.id}:waited",
            "news_waiting",
            user_id=user.id,
            values={"count": row["n"]},
            url="/account/messages",
        )
