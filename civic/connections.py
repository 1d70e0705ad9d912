"""Connections of the web program: how long the head of a request may take to arrive, and how many may be open.

uvicorn's own protocol waits for a head as long as the client likes. Bodies have their time in `civic/bodies.py`.
"""

import asyncio
import resource
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 2**10
MAX_CONNECTIONS = 2000  # of one process
MAX_DESCRIPTORS = 65_536
OTHER_DESCRIPTORS = 128  # for files, the database, the photos' processes
UNREAD_SECONDS = 60  # after which the kernel drops a client that takes nothing of its answer


def raise_descriptor_limit() -> None:
    """Take as many descriptors as this account may have: some systems begin with 256."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def drop_unread_answers(listener: socket.socket) -> None:
    """Let no client hold a connection by not reading; on Linux, whose connections take this over from the listener."""
    if option := getattr(socket, "TCP_USER_TIMEOUT", 0):
        listener.setsockopt(socket.IPPROTO_TCP, option, UNREAD_SECONDS * 1000)


class BoundedProtocol(HttpToolsProtocol):
    """A connection that waits for a head only so long. Where all places are taken, the one that waits longest goes."""

    head_seconds = 10.0
    waiting: dict["BoundedProtocol", None] = {}  # of the process: without a request in hand

    _timer: asyncio.TimerHandle | None = None
    _begun = False  # something of a head has come
    _head_bytes = 0

    @staticmethod
    def places() -> int:
        """How many connections this process may have."""
        return max(16, min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_DESCRIPTORS))

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()
        if len(self.connections) > self.places():
            next(iter(self.waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer and self._begun:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse("431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun, self._head_bytes = True, 0
        if self._timer:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._begun = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of a body that the answer did not need."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self.head_seconds, self._end_waiting)
        self.waiting[self] = None

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self.waiting.pop(self, None)

    def _end_waiting(self) -> None:
        if self._begun:
            self._refuse("408 Request Timeout")
        else:
            self.transport.close()

    def _refuse(self, status: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
            self.transport.close()
