"""The end of a pool's socket where the stash is answered for, as an arbiter does it, in a thread."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.stash.service import answer_v2
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.wire import envelope, header
from supervisord_lite.wire.splitter import Splitter, frame

Conversation = Callable[[socket.socket], None]


class Arbiter:
    """Listens at `path`; each connection has a conversation, the usual one or what a test wants."""

    def __init__(
        self, path: Path, store: Store | None = None, conversation: Conversation | None = None
    ) -> None:
        self.path = str(path)
        self.store = store
        self.conversation = conversation or self.answer
        self.connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.is_closed = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen(64)
        self._start(self._accept)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = self._listening.accept()[0]
                self.connections.append(connection)
                self._start(self.conversation, connection)

    def answer(self, connection: socket.socket) -> None:
        """Answer every request."""
        splitter = Splitter(2**26)
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                for asked in splitter.feed(data):
                    connection.sendall(self.reply(asked.request_id, asked.payload))
        connection.close()

    def reply(self, number: int, payload: bytes | memoryview) -> bytes:
        """The message that answers a request."""
        assert self.store is not None
        try:
            return frame(header.V2, header.RESPONSE, number, answer_v2(self.store, payload))
        except DirtyError as error:
            return frame(header.V2, header.ERROR, number, envelope.encode(error.to_dict()))

    def hang_up(self) -> None:
        """Close all connections, as an arbiter that is killed."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening, and hang up."""
        self.is_closed = True
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join(5)
        self.hang_up()
        for thread in self._threads:
            thread.join(5)
        for connection in self.connections:
            connection.close()
        Path(self.path).unlink()
