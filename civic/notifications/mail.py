"""Messages by e-mail: handed to the mail server that `mail.url` names; without one, a file in `var/outbox` each.

The file is the mail as it would go out (RFC 5322), named by the message's id; writing it again writes the same file.
"""

import hashlib
import os
from contextlib import suppress
from datetime import UTC, timedelta
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from civic import timing
from civic.accounts.forms import clean_email
from civic.city.queries import CityView
from civic.config import Config
from civic.i18n import gettext as _
from civic.notifications.addresses import ASKED_FOR, address_of, may_mail, refund_unasked, spend_unasked, stop_token
from civic.notifications.channels import MessageRefused
from civic.notifications.models import Message
from civic.notifications.rendering import MessageText, to_one_line
from civic.smtp_url import parse_smtp_url

if TYPE_CHECKING:
    from civic.notifications.smtp import MailServer


class MailChannel:
    name = "mail"

    def __init__(self) -> None:
        self._server: MailServer | None = None

    async def reaches(self, message: Message) -> bool:
        return await may_mail(message)

    async def send(self, message: Message, text: MessageText, city: CityView, config: Config) -> bool:
        try:
            recipient = clean_email(address_of(message))
        except ValueError:
            raise MessageRefused("This is no address that every mail server takes.") from None
        if not await spend_unasked(message, config.limits.unasked_mails_per_day):
            return False
        try:
            data = compose_mail(message, text, city, config).as_bytes()
            if config.mail.url.get_secret_value():
                self._server = self._server or open_mail_server(config)
                await self._server.send(clean_email(config.mail.sender), recipient, data)
            else:
                write_mail(config.paths.var / "outbox" / f"{message.id}.eml", data)
        except BaseException:
            await refund_unasked(message)
            raise
        return True

    async def close(self) -> None:
        if self._server:
            await self._server.close()
        self._server = None


def open_mail_server(config: Config) -> "MailServer":
    """The server of `mail.url`; it is connected to when there is something to send."""
    from civic.notifications.smtp import MailServer  # programs without a mail server need no SMTP

    ours = urlsplit(base_url(config)).hostname if config.site.url else _sender_domain(config)
    return MailServer(
        parse_smtp_url(config.mail.url.get_secret_value()),
        seconds=config.mail.seconds,
        our_name=ours or "localhost",
    )


def base_url(config: Config) -> str:
    """Where links in mails lead: `site.url` in ASCII, or this machine while that is not set."""
    url = config.site.url.rstrip("/") or f"http://{config.server.host}:{config.server.port}"
    host = urlsplit(url).hostname or ""
    return url if url.isascii() else url.replace(host, host.encode("idna").decode())


def _sender_domain(config: Config) -> str:
    return clean_email(config.mail.sender).rpartition("@")[2]


def compose_mail(message: Message, text: MessageText, view: CityView, config: Config) -> EmailMessage:
    """The mail. Its Message-ID comes from the message's key, so that a mail sent twice is seen as one."""
    mail = make_mail(clean_email(address_of(message)), text.subject, view, config)
    domain = _sender_domain(config)
    mail["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{domain}>"
    mail["Date"] = format_datetime(message.created_at.astimezone(UTC))
    link = f"\n\n{base_url(config)}{message.url}" if message.url else ""
    if message.kind in ASKED_FOR:
        mail.set_content(f"{text.body}{link}\n", cte="base64")
        return mail
    stop = f"{base_url(config)}/mail/stop/{stop_token(message)}"
    mail["List-Unsubscribe"] = f"<{stop}>"
    if stop.startswith("https:"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, which is about https alone
    foot = _("If this was not you, or you no longer want these emails:")
    mail.set_content(f"{text.body}{link}\n\n-- \n{foot}\n{stop}\n", cte="base64")
    return mail


def compose_test_mail(recipient: str, view: CityView, config: Config) -> EmailMessage:
    """A mail by which an operator sees that mails arrive."""
    mail = make_mail(recipient, _("A test: mails arrive"), view, config)
    mail["Message-ID"] = make_msgid(domain=_sender_domain(config))
    mail["Date"] = format_datetime(timing.now())
    mail.set_content(_("Mails from this site arrive at this address.") + f"\n\n{base_url(config)}\n", cte="base64")
    return mail


def make_mail(recipient: str, subject: str, view: CityView, config: Config) -> EmailMessage:
    """A mail without text: from whom, to whom, about what. Header lines are ASCII, and none is too long."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(to_one_line(view.name), addr_spec=clean_email(config.mail.sender))
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = to_one_line(f"[{view.name}] {subject}")
    mail["Auto-Submitted"] = "auto-generated"
    return mail


class _WholeLine(UnstructuredHeader, BaseHeader):
    """A header whose value is never broken or encoded: mail programs look for an address in it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _WholeLine)
POLICY = SMTP.clone(header_factory=_headers)


def delete_old_mails(folder: Path, older_than: timedelta) -> None:
    """Delete mails that were written to the outbox so long ago, and what a writer that was killed left there."""
    before = (timing.now() - older_than).timestamp()
    for path in [*folder.glob("*.eml"), *folder.glob("*.part")]:
        with suppress(FileNotFoundError):  # another process tidies too
            if path.stat().st_mtime < before:
                path.unlink()


def write_mail(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone: it holds an address."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}.part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
