"""The arbiter's end of a pool's backstage socket, which a test speaks for; it refuses to wait for ever."""

import socket

import msgspec

from supervisord_lite.wire import header
from supervisord_lite.wire.backstage import FromArbiter, Hello, ToArbiter, decode_hello, encode
from supervisord_lite.wire.splitter import Splitter, frame

_decode = msgspec.msgpack.Decoder(ToArbiter).decode


class FakeArbiter:
    """Accepts the daemon on its listening socket, and tells what it heard."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._sock: socket.socket | None = None

    def accept(self) -> Hello:
        """Take up the next connection, and return how it began."""
        self._listener.setblocking(True)
        self._listener.settimeout(5.0)
        self._sock, _ = self._listener.accept()
        self._sock.setblocking(False)
        self._splitter = Splitter(2**24)
        self._heard: list[ToArbiter] = []
        self.hello: Hello | None = None
        self._read()
        assert self.hello is not None, "it said nothing"
        return self.hello

    def heard(self) -> list[ToArbiter]:
        """What it was told since it was asked last."""
        self._read()
        heard, self._heard = self._heard, []
        return heard

    def heard_of(self, kind: type[ToArbiter]) -> list[ToArbiter]:
        """Of these, the messages of one type."""
        return [word for word in self.heard() if isinstance(word, kind)]

    def say(self, *words: FromArbiter) -> None:
        """Tell the daemon."""
        assert self._sock is not None
        for word in words:
            self._sock.send(frame(header.V2, header.WORD, 0, encode(word)))

    def write(self, data: bytes) -> None:
        """Tell the daemon what may be nonsense."""
        assert self._sock is not None
        self._sock.send(data)

    def end(self) -> None:
        """Hang up."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _read(self) -> None:
        assert self._sock is not None
        while True:
            try:
                data = self._sock.recv(2**20)
            except BlockingIOError:
                return
            if not data:
                return
            for found in self._splitter.feed(data):
                if found.kind == header.HELLO:
                    self.hello = decode_hello(found.payload)
                else:
                    self._heard.append(_decode(found.payload))
