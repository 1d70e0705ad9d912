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

from civic.city.queries import CityView
from civic.config import Config
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText


class MailChannel:
    name = "mail"

    def reaches(self, message: Message) -> bool:
        return message.user is not None or bool(message.email)

    async def send(self, message: Message, text: MessageText, city: CityView, config: Config) -> None:
        mail = compose_mail(message, text, city, config)
        write_mail(config.paths.var / "outbox" / f"{message.id}.eml", mail.as_bytes(policy=SMTP))


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
