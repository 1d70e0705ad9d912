"""Sending messages: each becomes a mail in `var/outbox`, one file a message, once.

The file is the mail as it would go out (RFC 5322), named by the message's id; writing it again writes the same file.
Nothing here waits within a transaction.
"""

import hashlib
import os
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from civic import formats, i18n
from civic.city.queries import CityView, city
from civic.config import Config
from civic.notifications.actions import mark_sent
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText, render_message


async def deliver_message(message_id: int, config: Config) -> bool:
    """Mail a message unless it has been; whether it was sent now. One to a disabled user is dropped."""
    message = await Message.get_or_none(id=message_id).select_related("user")
    if message is None or message.sent_at is not None:
        return False
    if message.user is not None and message.user.disabled_at is not None:
        return False
    view = await city()
    with i18n.use_language(choose_language(message, view)):
        formats.set_zone(view.zone)
        mail = compose_mail(message, render_message(message), view, config)
    write_mail(config.paths.var / "outbox" / f"{message.id}.eml", mail.as_bytes(policy=SMTP))
    await mark_sent(message.id)
    return True


def choose_language(message: Message, view: CityView) -> str:
    """The account's language, else the message's, if the city speaks it; else the city's first."""
    for code in (message.user.language if message.user else "", message.language):
        if code in view.languages:
            return code
    return view.languages[0]


def base_url(config: Config) -> str:
    """Where links in mails lead: `site.url`, or this machine while that is not set."""
    return config.site.url.rstrip("/") or f"http://{config.server.host}:{config.server.port}"


def compose_mail(message: Message, text: MessageText, view: CityView, config: Config) -> EmailMessage:
    """The mail. Its Message-ID comes from the message's key, so that a mail sent twice is seen as one."""
    mail = EmailMessage(policy=SMTP)
    _, _, domain = config.mail.sender.rpartition("@")
    mail["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{domain}>"
    mail["Date"] = format_datetime(message.created_at.astimezone(UTC))
    mail["From"] = Address(view.name, addr_spec=config.mail.sender)
    mail["To"] = Address(addr_spec=message.user.email if message.user else message.email)
    mail["Subject"] = f"[{view.name}] {text.subject}"
    mail["Auto-Submitted"] = "auto-generated"
    link = f"\n\n{base_url(config)}{message.url}" if message.url else ""
    mail.set_content(f"{text.body}{link}\n", cte="base64")
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
