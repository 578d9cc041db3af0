"""The daemon's connection to a pool's arbiter, on the pool's backstage socket.

The listening socket is the daemon's own, so there is always somebody to connect to: where no arbiter lives
the connection waits in the backlog, with all that was said on it, and the next arbiter takes it up. Where one
dies that had taken it up, there is another connection at once.
"""

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from supervisord_lite.wire import header
from supervisord_lite.wire.backstage import (
    DAEMON,
    FromArbiter,
    Hello,
    Roster,
    ToArbiter,
    decode_from_arbiter,
    encode,
)
from supervisord_lite.wire.splitter import Splitter, WireError, frame

log = logging.getLogger(__name__)

MAX_WORD = 16 * 2**20
"""Bytes; more than a report on a full queue takes."""

MAX_UNSENT = 1000
"""Messages kept for an arbiter that does not read; one that reads so little is of no use."""

RETRY = 0.5
"""Seconds until a connection that could not be made, or did not last as long, is tried again."""


class ArbiterChannel:
    """Speaks to whatever arbiter the pool has; `greeting` is what each has to hear first."""

    def __init__(
        self,
        pool: str,
        path: str,
        greeting: Callable[[], Sequence[ToArbiter]],
        on_word: Callable[[FromArbiter], None],
    ) -> None:
        self._pool = pool
        self._path = path
        self._greeting = greeting
        self._on_word = on_word
        self._sock: socket.socket | None = None
        self._splitter = Splitter(MAX_WORD)
        self._unsent: deque[tuple[bytes, bool]] = deque()
        """What is to be sent, and whether it is a roster that a newer one replaces."""
        self._retry: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._since = 0.0

    def open(self) -> None:
        """Connect, and say who we are."""
        self._retry = None
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.connect(self._path)
        except OSError as error:
            sock.close()
            log.debug("%s: cannot connect to the arbiter: %s", self._pool, error.strerror)
            self._retry = asyncio.get_running_loop().call_later(RETRY, self.open)
            return
        self._sock = sock
        self._splitter = Splitter(MAX_WORD)
        self._unsent.clear()
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        loop.add_reader(sock, self._read)
        hello = Hello(DAEMON, self._pool, os.getpid())
        self._unsent.append((frame(header.V2, header.HELLO, 0, encode(hello)), False))
        for word in self._greeting():
            self.send(word)
        self._flush()

    def send(self, word: ToArbiter) -> None:
        """Say this, now or when the arbiter reads; whoever comes next is greeted with what matters."""
        if self._sock is None:
            return
        is_roster = isinstance(word, Roster)
        if is_roster and self._unsent and self._unsent[-1][1]:
            self._unsent.pop()
        self._unsent.append((frame(header.V2, header.WORD, 0, encode(word)), is_roster))
        if len(self._unsent) > MAX_UNSENT:
            log.warning("%s: its arbiter does not read what it is told", self._pool)
            self._reopen()
        else:
            self._flush()

    def close(self) -> None:
        """Hang up for good."""
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._hang_up()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._unsent and self._sock is not None:
            data, _ = self._unsent[0]
            try:
                sent = self._sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # it has gone: reading tells
            if sent < len(data):
                self._unsent[0] = (data[sent:], False)
                loop.add_writer(self._sock, self._flush)
                return
            self._unsent.popleft()
        if self._sock is not None:
            loop.remove_writer(self._sock)

    def _read(self) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._reopen()
            return
        try:
            words = [decode_from_arbiter(found.payload) for found in self._splitter.feed(data)]
        except (WireError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            log.error("%s: its arbiter says what is no message: %s", self._pool, error)
            self._reopen()
            return
        for word in words:
            self._on_word(word)

    def _reopen(self) -> None:
        self._hang_up()
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            lasted = loop.time() - self._since
            # Whoever hangs up again and again must not take all our time.
            self._retry = loop.call_later(0.0 if lasted > RETRY else RETRY, self.open)

    def _hang_up(self) -> None:
        if self._sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sock)
            loop.remove_writer(self._sock)
            self._sock.close()
            self._sock = None
