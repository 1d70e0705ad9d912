"""A mail server in the test's own process (aiosmtpd), which does what a test wants."""

import asyncio
import email
import email.message
import email.policy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "civic", "p@ss:w/rd? #%"


@dataclass
class MailServer:
    """What came, and what is answered; a test replaces the answers."""

    port: int = 0
    mails: list[email.message.EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)  # of each connection
    encrypted: list[bool] = field(default_factory=list)  # of each mail
    signed_in: list[bool] = field(default_factory=list)
    stage: list[str] = field(default_factory=list)  # commands, as they came
    answer_to: Callable[[str], str] = lambda address: "250 OK"
    before_data: Callable[[], Any] | None = None  # awaited once the text is there, before the answer
    silent_at: str = ""  # a command that is never answered
    drop_at: str = ""  # a command at which the connection breaks, once
    silent: asyncio.Event = field(default_factory=asyncio.Event)  # it has come to `silent_at`
    connections: list[SMTP] = field(default_factory=list)

    def end_connections(self) -> None:
        for one in self.connections:
            if one.transport:
                one.transport.abort()

    async def _reach(self, server: SMTP, command: str) -> None:
        self.stage.append(command)
        if self.silent_at == command:
            self.silent.set()
            await asyncio.Event().wait()
        if self.drop_at == command:
            self.drop_at = ""
            server.transport.abort()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings.append(hostname)
        session.host_name = hostname
        await self._reach(server, "EHLO")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._reach(server, "MAIL")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._reach(server, "RCPT")
        answer = self.answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.raw.append(content)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.signed_in.append(bool(session.authenticated))
        await self._reach(server, "DATA")
        if self.before_data:
            await self.before_data()
        return "250 taken"


def check_password(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@dataclass(frozen=True)
class Certificate:
    """Of 127.0.0.1 and localhost, made for this test; `ca`: the file by which it is trusted."""

    ca: Path
    context: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Certificate(folder / "ca.pem", context)


@asynccontextmanager
async def mail_server(
    certificate: Certificate | None = None, *, implicit: bool = False, login: bool = False, port: int = 0
) -> AsyncIterator[MailServer]:
    """A server on a free port: with STARTTLS where there is a certificate, or TLS from the first byte (`implicit`);
    with `login` it takes mails of USER alone."""
    handler = MailServer()
    context = certificate.context if certificate else None

    def accept() -> SMTP:
        handler.connections.append(
            SMTP(
                handler,
                tls_context=None if implicit else context,
                authenticator=check_password,
                auth_required=login and not implicit,  # the library warns of it where it starts no TLS itself
                auth_require_tls=not implicit,
                enable_SMTPUTF8=False,
                loop=asyncio.get_running_loop(),
            )
        )
        return handler.connections[-1]

    server = await asyncio.get_running_loop().create_server(
        partial(accept), "127.0.0.1", port, ssl=context if implicit else None
    )
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        handler.end_connections()
