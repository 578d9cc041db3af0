"""A pool's end of the socket, that says what a test lets it say."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.linux import descriptors, sealed
from supervisord_lite.wire import envelope, header, layout, values
from supervisord_lite.wire.splitter import Frame, Splitter, frame

PATIENCE = 20.0
"""Seconds after which a test is taken to hang."""


class Asked:
    """A message from a client, with what is in it."""

    def __init__(self, message: Frame, fds: Sequence[int]) -> None:
        self.kind = message.kind
        self.number = message.request_id
        self.payload = bytes(message.payload)
        self.by_fd = message.by_fd
        self.args: list[Any] = []
        self.kwargs: dict[str, Any] = {}
        if message.kind == header.REQUEST:
            self.request = envelope.decode_request(message.payload)
            unpack = values.codec(self.request.serializer)[1]
            if message.by_fd:
                (fd,) = fds
                body = unpack(*layout.parse(sealed.read(fd, 2**32)))
            else:
                body = unpack(self.request.body, ())
            self.args, self.kwargs = body

    def action_is(self, action: str) -> bool:
        """Whether this is what is asked for."""
        return self.request.action == action


class Talk:
    """One connection of a client."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._splitter = Splitter(2**32)
        self._frames: list[Frame] = []
        self._fds: list[int] = []
        self.number = 0

    def asked(self) -> Asked:
        """Its next message. Raises `EOFError` where it hangs up."""
        while not self._frames:
            data, fds = descriptors.receive(self.sock, 65536)
            if not data:
                raise EOFError
            self._fds += fds
            self._frames += self._splitter.feed(data)
        message = self._frames.pop(0)
        fds, self._fds = (self._fds, []) if message.by_fd else ([], self._fds)
        self.number = message.request_id
        return Asked(message, fds)

    def say(self, kind: int, payload: bytes = b"", number: int | None = None) -> None:
        """A message of version 2 in answer to the latest one, or to another."""
        self.raw(frame(header.V2, kind, self.number if number is None else number, payload))

    def raw(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """These bytes."""
        if fds:
            descriptors.send(self.sock, data, fds)
        else:
            self.sock.sendall(data)

    def result(self, value: Any, serializer: int = envelope.MSGPACK) -> None:
        """The answer to a call, by memfd where it is large."""
        self._value(header.RESPONSE, values.codec(serializer)[0](value))

    def chunks(self, *chunks: Any) -> None:
        """Chunks in one message, by memfd where they are large."""
        self._value(header.CHUNK, values.pack([*chunks]))

    def _value(self, kind: int, packed: values.Packed) -> None:
        if not packed.is_large:
            self.say(kind, packed.document)
            return
        fd = sealed.write(layout.join(packed))
        self.raw(frame(header.V2, kind | header.BY_FD, self.number), [fd])
        os.close(fd)

    def end(self) -> None:
        """The end of a stream."""
        self.say(header.END)

    def error(self, error: DirtyError, number: int | None = None) -> None:
        """A failure."""
        self.say(header.ERROR, msgspec.msgpack.encode(error.to_dict()), number)

    def wait_for_hang_up(self) -> None:
        """Wait until the client has gone."""
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionResetError:
            pass


Script = Callable[[Talk], None]


class Peer:
    """Listens at `path`; every connection is served by `script`, in a thread of its own, and then closed.

    A script that fails makes the test fail, at the latest when it is left.
    """

    def __init__(self, path: str, script: Script) -> None:
        self.path = path
        self.connections = 0
        self._script = script
        self._failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> "Peer":
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(512)
        self._start(self._accept)
        return self

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            sock.settimeout(PATIENCE)
            self.connections += 1
            self._sockets.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                self._script(Talk(sock))
            except EOFError:
                pass
            except BaseException as error:  # noqa: BLE001 - the test's to see
                self._failures.append(error)

    def stop(self) -> None:
        """Close everything, as an arbiter that was killed."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.unlink(self.path)
        for sock in self._sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __exit__(self, kind: object, *_: object) -> None:
        if self._listener.fileno() >= 0:
            self.stop()
        for thread in self._threads:
            thread.join(PATIENCE)
        for sock in self._sockets:
            sock.close()
        if kind is None and self._failures:
            raise self._failures[0]


def answering(*says: Callable[[Talk, Asked], None]) -> Script:
    """A script that answers one message after the other by these; the last one for all that follow."""

    def script(talk: Talk) -> None:
        turn = 0
        while True:
            asked = talk.asked()
            says[min(turn, len(says) - 1)](talk, asked)
            turn += 1

    return script


def echo(talk: Talk, asked: Asked) -> None:
    """The first argument back."""
    talk.result(asked.args[0])
