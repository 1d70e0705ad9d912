"""Handing mails to a mail server by SMTP (RFC 5321), over connections that are used again.

Nothing here knows the database. What the server says decides what becomes of a mail: it was taken; it is refused for
good (5xx to the recipient or to the text); or it is put off (4xx, a server that is away or silent, a password that it
does not take). Where the connection breaks after the text, nobody knows whether the server has kept it.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiosmtplib

from civic.notifications.channels import MessagePutOff, MessageRefused
from civic.smtp_url import SmtpServer

IDLE_SECONDS = 20.0  # after which a connection that nobody uses is closed; servers do it after some minutes
MAX_MAILS = 50  # over one connection: some servers take no more
AWAY_SECONDS = 20.0  # for which a server that did not answer is not asked again
# As answers to a recipient these are about us: sign in first, encrypt first, a wrong order of commands.
ABOUT_US = frozenset({503, 530, 534, 535, 538})
FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)  # ssl.SSLError is an OSError
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


@dataclass
class _Connection:
    """An open connection to the server; `since`: when it was last used, by the monotonic clock."""

    client: aiosmtplib.SMTP
    mails: int = 0
    since: float = 0.0

    def leave(self) -> None:
        """Say good-bye, and wait for no answer."""
        if self.client.is_connected and isinstance(self.client.transport, asyncio.WriteTransport):
            self.client.transport.write(b"QUIT\r\n")
        self.client.close()


class MailServer:
    """A mail server, and the open connections to it. Belongs to one event loop."""

    def __init__(self, server: SmtpServer, *, seconds: float, our_name: str) -> None:
        """`seconds`: the longest time for one mail. `our_name`: the domain as which we greet it."""
        self.server, self.seconds, self.our_name = server, seconds, our_name
        self._idle: list[_Connection] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._away_until, self._away_reason = 0.0, ""

    async def send(self, sender: str, recipient: str, data: bytes) -> None:
        """Hand over a mail, from and to addresses in ASCII; on return the server has it.

        Raises MessageRefused and MessagePutOff.
        """
        await self._talk(lambda client: client.sendmail(sender, recipient, data))

    async def greet(self) -> None:
        """Connect, encrypt and sign in, as sending would. Raises MessagePutOff."""
        await self._talk(lambda client: client.noop())

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        if self._sweep:
            self._sweep.cancel()
        while self._idle:
            self._idle.pop().leave()

    async def _talk(self, say: Callable[[aiosmtplib.SMTP], Awaitable[object]]) -> None:
        try:
            async with asyncio.timeout(self.seconds), self._connection() as client:
                await say(client)
        # Without their causes: those name the address.
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judge(error.recipients[0]) from None
        except aiosmtplib.SMTPDataError as error:
            raise _judge(error) from None
        except FAILURES as error:
            if isinstance(error, TimeoutError):
                self._note_away(error)
            raise MessagePutOff(_describe(error)) from None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that nobody else uses within the block: an idle one that still answers, or a new one."""
        one = await self._take_idle() or await self._connect()
        try:
            yield one.client
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
            self._give_back(one)  # the library has said RSET
            raise
        except BaseException:
            _abort(one.client)  # nobody knows what the server waits for
            raise
        self._give_back(one)

    async def _take_idle(self) -> _Connection | None:
        while self._idle:
            one = self._idle.pop()
            try:
                await one.client.rset()
            except FAILURES:
                _abort(one.client)  # the server has closed it
            except BaseException:
                _abort(one.client)
                raise
            else:
                return one
        return None

    async def _connect(self) -> _Connection:
        """Raises what connecting raises, and for some seconds after that MessagePutOff at once: no mail waits twice."""
        if time.monotonic() < self._away_until:
            raise MessagePutOff(self._away_reason)
        client = self._make_client()
        try:
            await client.connect()
        except BaseException as error:
            _abort(client)
            self._note_away(error)
            raise
        return _Connection(client)

    def _make_client(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password if server.user else None,
            local_hostname=self.our_name,
            timeout=self.seconds,
            use_tls=server.encryption == "tls",
            start_tls={"required": True, "opportunistic": None}.get(server.encryption, False),
            validate_certs=server.encryption != "opportunistic",
            cert_bundle=server.ca or None,
        )

    def _give_back(self, one: _Connection) -> None:
        one.mails, one.since = one.mails + 1, time.monotonic()
        if not one.client.is_connected or one.mails >= MAX_MAILS:
            one.leave()
            return
        self._idle.append(one)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        """Close the connections that were not used for a while; the others are looked at again."""
        before = time.monotonic() - IDLE_SECONDS
        for one in [one for one in self._idle if one.since <= before]:
            self._idle.remove(one)
            one.leave()
        again = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle) if self._idle else None
        self._sweep = again

    def _note_away(self, error: BaseException) -> None:
        self._away_until, self._away_reason = time.monotonic() + AWAY_SECONDS, _describe(error)


def _judge(error: aiosmtplib.SMTPResponseException) -> MessageRefused | MessagePutOff:
    """Whether an answer about a recipient or a text is for good."""
    final = error.code >= 500 and error.code not in ABOUT_US
    return MessageRefused(_describe(error)) if final else MessagePutOff(_describe(error))


def _describe(error: BaseException) -> str:
    """What the server said, or what happened, in one line without e-mail addresses."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"{error.code} {error.message}"
    elif isinstance(error, TimeoutError | asyncio.CancelledError):
        text = "The mail server did not answer in time."
    else:
        text = str(error) or type(error).__name__
    return " ".join(_ADDRESS.sub("…", text).split())[:200]


def _abort(client: aiosmtplib.SMTP) -> None:
    """Drop a connection at once, whatever is on its way."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()
