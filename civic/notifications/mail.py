"""Messages by e-mail: each becomes a mail in `var/outbox`, one file a message.

The file is the mail as it would go out (RFC 5322), named by the message's id; writing it again writes the same file.
"""

import hashlib
import os
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from civic.accounts.forms import clean_email
from civic.city.queries import CityView
from civic.config import Config
from civic.i18n import gettext as _
from civic.notifications.addresses import address_of, may_mail, refund_unasked, spend_unasked, stop_token
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText


class MailChannel:
    name = "mail"

    async def reaches(self, message: Message) -> bool:
        return await may_mail(message)

    async def send(self, message: Message, text: MessageText, city: CityView, config: Config) -> bool:
        if not await spend_unasked(message, config.limits.unasked_mails_per_day):
            return False
        try:
            mail = compose_mail(message, text, city, config)
            write_mail(config.paths.var / "outbox" / f"{message.id}.eml", mail.as_bytes(policy=SMTP))
        except BaseException:
            await refund_unasked(message)
            raise
        return True


def base_url(config: Config) -> str:
    """Where links in mails lead: `site.url`, or this machine while that is not set."""
    return config.site.url.rstrip("/") or f"http://{config.server.host}:{config.server.port}"


def compose_mail(message: Message, text: MessageText, view: CityView, config: Config) -> EmailMessage:
    """The mail. Its Message-ID comes from the message's key, so that a mail sent twice is seen as one."""
    mail = EmailMessage(policy=SMTP)
    sender = clean_email(config.mail.sender)
    domain = sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{domain}>"
    mail["Date"] = format_datetime(message.created_at.astimezone(UTC))
    mail["From"] = Address(view.name, addr_spec=sender)
    mail["To"] = Address(addr_spec=address_of(message))
    mail["Subject"] = f"[{view.name}] {text.subject}"
    mail["Auto-Submitted"] = "auto-generated"
    stop = f"{base_url(config)}/mail/stop/{stop_token(message)}"
    mail["List-Unsubscribe"] = f"<{stop}>"
    if stop.startswith("https:"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, which is about https alone
    link = f"\n\n{base_url(config)}{message.url}" if message.url else ""
    foot = _("If this was not you, or you no longer want these emails:")
    mail.set_content(f"{text.body}{link}\n\n-- \n{foot}\n{stop}\n", cte="base64")
    return mail


def write_mail(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone: it holds an address."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}.part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
