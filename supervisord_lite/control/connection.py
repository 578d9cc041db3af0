"""One client of the control socket, from its first byte to the end of its connection."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import msgspec

from . import requests
from .commands import Commands
from .departure import Departure
from .peers import Gate

log = logging.getLogger(__name__)

MAX_LINE = 2**20
"""Bytes; a request of this size or more is refused."""

MAX_UNREAD = 2**18
"""Bytes that a client may leave unread before its next request or event has to wait."""

MAX_QUEUED = 16
"""Requests taken in ahead of their turn."""

ASK_PATIENCE = 5.0
"""Seconds that a client has to say something before it is told that it is not admitted."""

READ_PATIENCE = 30.0
"""Seconds after which a client that does not read its reply is cut off."""


class Connection(asyncio.Protocol):
    """Answers the requests of one client in their order."""

    def __init__(self, commands: Commands, gate: Gate, on_end: Callable[["Connection"], None]) -> None:
        self._commands = commands
        self._gate = gate
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._lines: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False
        self._refusal: tuple[str, str] | None = None
        """Why nothing that this client asks is answered: a sentence and a word."""
        self._departure: Departure | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self._task is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=MAX_UNREAD)
        if self._refusal is not None:  # it had to make room before it was connected
            self.refuse(*self._refusal)
            return
        refusal = self._gate.refusal(transport.get_extra_info("socket"))
        if refusal is not None:
            log.warning("control socket: %s", refusal)
            self._refuse_when_asked(refusal, "forbidden")

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self.refuse(*self._refusal)
        if self._is_ending:
            return
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        if len(rest) >= MAX_LINE or any(len(line) >= MAX_LINE for line in lines):
            self.refuse(f"a request has to be shorter than {MAX_LINE} bytes", "too_large")
            return
        self._lines += (bytes(line) for line in lines if line.strip())
        self._proceed()

    def eof_received(self) -> bool:
        """A client may close its sending half and wait for its replies, as socat does."""
        if self._buffer.strip() and not self._is_ending:
            self._lines.append(bytes(self._buffer))
            self._buffer.clear()
        self._is_ending = True
        self._proceed()
        if self._task is None:
            return False
        assert self._transport is not None
        with contextlib.suppress(OSError):  # without a descriptor to spare it is noticed at the next reply
            self._departure = Departure(self._transport.get_extra_info("socket"), self._transport.abort)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()
        if self._departure is not None:
            self._departure.close()
        if self._task is not None:
            self._task.cancel()
        self._on_end(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def refuse(self, error: str, code: str) -> None:
        """Say why, and hang up."""
        self._refusal = (error, code)
        if self._transport is None or self._transport.is_closing():
            return
        self._is_ending = True
        self._lines.clear()
        self._send({"ok": False, "error": error, "code": code})
        if self._task is not None:
            self._task.cancel()
        self._hang_up()

    def _refuse_when_asked(self, error: str, code: str) -> None:
        """Hanging up on a client that is still writing would keep the reason from it."""
        self._refusal = (error, code)
        asyncio.get_running_loop().call_later(ASK_PATIENCE, self.refuse, error, code)

    async def finish(self) -> None:
        """Let what has been written reach the client, then hang up."""
        self._is_ending = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._transport is None:
            return
        self._transport.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(READ_PATIENCE, self._transport.abort)

    def _proceed(self) -> None:
        assert self._transport is not None
        if self._lines and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._answer_all())
            self._task.add_done_callback(self._answered)
        if len(self._lines) > MAX_QUEUED and not self._is_ending:
            self._transport.pause_reading()
        elif not self._transport.is_closing() and not self._is_ending:
            self._transport.resume_reading()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("control socket: a request failed inside the daemon", exc_info=error)
            self.refuse("the daemon failed to answer; its log says why", "internal")
        elif self._lines:
            self._proceed()
        elif self._is_ending:
            self._hang_up()

    async def _answer_all(self) -> None:
        while self._lines:
            line = self._lines.popleft()
            self._proceed()
            await self._answer(line)
            if self._lines:
                await asyncio.sleep(0)  # whoever asks much lets others in between
            if not self._writable.is_set():
                await self._wait_for_reader()

    async def _answer(self, line: bytes) -> None:
        try:
            request = requests.parse(line)
            if isinstance(request, requests.Events):
                await self._stream(request)
                return
            reply = await self._commands.answer(request)
        except requests.RequestRefused as error:
            reply = {"ok": False, "error": str(error), "code": error.code, **error.details}
        number = requests.request_id(line)
        self._send(reply if number is None else {**reply, "id": number})

    async def _wait_for_reader(self) -> None:
        assert self._transport is not None
        try:
            async with asyncio.timeout(READ_PATIENCE):
                await self._writable.wait()
        except TimeoutError:
            log.warning("control socket: a client does not read its replies; it is cut off")
            self._transport.abort()

    def _send(self, reply: dict[str, Any]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(msgspec.json.encode(reply) + b"\n")

    async def _stream(self, request: requests.Events) -> None:
        """Send transitions until the client leaves; a slow one is told how many it missed."""
        with self._commands.subscribe(request) as subscription:
            number = {} if request.id is None else {"id": request.id}
            self._send({"ok": True, "streaming": True, **number})
            while True:
                for event in await subscription.take():
                    self._send(event)
                await self._writable.wait()
