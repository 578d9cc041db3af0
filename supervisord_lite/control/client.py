"""The client's side of the control socket: newline-delimited JSON over a unix stream socket, synchronous.

One object a line. Every request carries an `id` and its reply is the line with the same `id`; a refusal
without one (the daemon could not read the request, or does not admit this peer) answers whatever was asked.
Foreign errors are mapped here, once, to the four kinds of `ControlError`. It imports neither asyncio nor
msgspec: `supctl` should be done before a person notices that it started.
"""

import json
import os
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

Reply = dict[str, Any]
OnWait = Callable[[float], None]

CONNECT_TIMEOUT = 5.0  # seconds; a daemon whose backlog is full this long is not serving
REPLY_TIMEOUT = 30.0  # seconds; for what the daemon can answer from memory
LONGEST_LINE = 64 << 20  # bytes; far above the status of thousands of programs
TICK = 0.1  # seconds between calls of `on_wait`


class ControlError(Exception):
    """A command got no good answer. `code` is a word; `reply` is what `--json` prints in its place."""

    code = "error"

    def __init__(self, message: str, reply: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.reply: Reply = dict(reply) if reply else {"ok": False, "error": message, "code": self.code}


class Unreachable(ControlError):
    """Nobody answers at the socket, or the daemon closed the connection."""

    code = "unreachable"


class Refused(ControlError):
    """The daemon answered, and the answer is no, or that it failed."""

    def __init__(self, code: str, message: str, reply: Mapping[str, Any]) -> None:
        super().__init__(message, reply)
        self.code = code


class TimedOut(ControlError):
    """The verdict did not come in time; what was asked for may still happen."""

    code = "timeout"


class ProtocolError(ControlError):
    """What answered does not speak the control protocol."""

    code = "protocol"


def why_not(path: str, error: Exception) -> str:
    """Why a connection to `path` failed with `error`, and what to do about it: the rest of one sentence."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "no such socket; is it running? try systemctl status app-supervisor"
    if isinstance(error, PermissionError):
        return f"permission denied; {who_may(path)}"
    if isinstance(error, ConnectionRefusedError):
        if os.path.isfile(path) or os.path.isdir(path):
            return "this is not a socket; give the daemon's control_socket with -s"
        return "nobody listens there any more; is it running? try systemctl status app-supervisor"
    if isinstance(error, BlockingIOError | TimeoutError):
        return "it does not take connections; is it stopped or overloaded?"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()}; check the path given with -s"
    return f"{error}; check the path given with -s"


def who_may(path: str) -> str:
    """Who may connect to the socket at `path`, by owner, group and mode (unix(7): connecting is writing)."""
    import grp
    import pwd

    try:
        found = os.stat(path)
    except OSError:
        return "its directory is closed to this user; ask root, or use sudo"
    names = ["root"]
    if found.st_mode & stat.S_IWUSR and found.st_uid != 0:
        names.append(f"user {_name_of(pwd.getpwuid, found.st_uid)}")
    if found.st_mode & stat.S_IWGRP:
        names.append(f"group {_name_of(grp.getgrgid, found.st_gid)}")
    return f"{' and '.join(names)} may connect; become one of them, or use sudo"


def _name_of(entry: Callable[[int], tuple[Any, ...]], number: int) -> str:
    try:
        return str(entry(number)[0])
    except KeyError:
        return str(number)


class Client:
    """One connection. `request` asks and waits; `subscribe` turns it into a stream of events."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        self.path = path
        self._socket = connection
        self._buffer = bytearray()
        self._last_id = 0

    @classmethod
    def connect(cls, path: str, timeout: float = CONNECT_TIMEOUT) -> Self:
        """Connect to the socket at `path` within `timeout` seconds. Raises Unreachable, which says why."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # A non-blocking connect to a full backlog fails at once with EAGAIN; a send timeout makes it wait
        # (unix(7)).
        seconds, rest = divmod(max(timeout, 0.001), 1)
        try:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(seconds), int(rest * 1e6))
            )
            connection.connect(path)
        except (OSError, ValueError) as error:
            connection.close()
            raise Unreachable(f"cannot reach the daemon at {path}: {why_not(path, error)}") from error
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The daemon forgets the connection; what it was asked to do goes on."""
        self._socket.close()

    def request(
        self,
        command: Mapping[str, Any],
        *,
        timeout: float | None = REPLY_TIMEOUT,
        on_wait: OnWait | None = None,
    ) -> Reply:
        """Send one command and return its reply, of which `ok` is true.

        Waits at most `timeout` seconds (None: for ever), calling `on_wait(seconds waited)` ten times a
        second. Raises Refused, TimedOut, Unreachable (the connection ended) or ProtocolError.
        """
        self._last_id += 1
        self._send({**command, "id": self._last_id})
        started = time.monotonic()
        while True:
            line = self._line(started, timeout, on_wait)
            if line is None:
                raise TimedOut(f"{self.path}: no answer to {command.get('cmd')!r} within {timeout:g} s")
            reply = self._decode(line)
            known = reply.pop("id", None)
            if known == self._last_id or (known is None and reply.get("ok") is False):
                return self._verdict(reply)

    def subscribe(self, name: str | list[str] | None = None, past: int | None = None) -> None:
        """Ask for transitions: of the programs `name` (None: all), after the last `past` ones."""
        command: Reply = {"cmd": "events"}
        if name:
            command["name"] = name
        if past is not None:
            command["past"] = past
        self.request(command)

    def next_event(self, timeout: float | None = None) -> Reply | None:
        """The next event, or None when `timeout` seconds went by. Raises Unreachable when the stream ends."""
        line = self._line(time.monotonic(), timeout, None)
        return None if line is None else self._decode(line)

    def events(self) -> Iterator[Reply]:
        """Every event as it comes, until the daemon closes the connection (Unreachable)."""
        while (event := self.next_event()) is not None:
            yield event

    def wait_closed(self, timeout: float | None = None, on_wait: OnWait | None = None) -> bool:
        """Whether the daemon closed the connection within `timeout` seconds (None: waits for ever)."""
        started = time.monotonic()
        try:
            while self._line(started, timeout, on_wait) is not None:
                pass
        except Unreachable:
            return True
        return False

    def _send(self, message: Mapping[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        self._socket.settimeout(CONNECT_TIMEOUT)
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            raise TimedOut(f"{self.path}: the daemon does not read what it is sent") from error
        except OSError as error:
            if self._buffer or self._receive(CONNECT_TIMEOUT):
                return  # it may have said why before it hung up
            raise self._gone() from error

    def _line(self, started: float, timeout: float | None, on_wait: OnWait | None) -> bytes | None:
        """The next whole line, or None when it is not there `timeout` seconds after `started` (monotonic)."""
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                return line
            searched = len(self._buffer)
            if searched > LONGEST_LINE:
                raise ProtocolError(f"{self.path}: a reply of more than {LONGEST_LINE >> 20} MiB")
            waited = time.monotonic() - started
            left = None if timeout is None else max(timeout - waited, 0.0)
            pause = left
            if on_wait is not None:
                on_wait(waited)
                pause = TICK if left is None else min(left, TICK)
            if not self._receive(pause) and left == 0:
                return None

    def _receive(self, timeout: float | None) -> bool:
        """Take what has arrived into the buffer; whether anything had within `timeout` seconds."""
        self._socket.settimeout(timeout)
        try:
            data = self._socket.recv(1 << 18)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError as error:
            raise self._gone() from error
        if not data:
            raise self._gone()
        self._buffer += data
        return True

    def _gone(self) -> Unreachable:
        return Unreachable(
            f"the daemon at {self.path} closed the connection; it ended, or does not admit this user; "
            "try systemctl status app-supervisor"
        )

    def _decode(self, line: bytes) -> Reply:
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ProtocolError(
                f"{self.path}: not a line of JSON: {line[:60]!r}; is it a control socket?"
            ) from error
        if not isinstance(message, dict):
            raise ProtocolError(f"{self.path}: not a JSON object: {line[:60]!r}; is it a control socket?")
        return message

    def _verdict(self, reply: Reply) -> Reply:
        ok = reply.get("ok")
        if ok is True:
            return reply
        if ok is not False:
            raise ProtocolError(f"{self.path}: a reply without a true or false 'ok'; is it a control socket?")
        message = str(reply.get("error") or reply.get("message") or "refused without a reason")
        if reply.get("code") == "timeout":
            raise TimedOut(message, reply)
        raise Refused(str(reply.get("code", "failed")), message, reply)
