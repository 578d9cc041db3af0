"""A listening socket that was handed down: who waits in its backlog waits on when this process ends."""

import errno
import socket
from collections.abc import Callable

from supervisord_lite.pool.arbiter.loop import IN, Loop

AT_ONCE = 64
"""Connections accepted before others get their turn."""


class Listener:
    """Accepts while it is open and not paused."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        accepted: Callable[[socket.socket], None],
        starved: Callable[[], None],
    ) -> None:
        sock.setblocking(False)
        self.is_paused = False
        self._is_open = False
        self._loop = loop
        self._sock = sock
        self._accepted = accepted
        self._starved = starved
        """Called where there is no descriptor for one more: whoever has one to spare has to resume it."""

    def open(self) -> None:
        """Begin to accept."""
        self._is_open = True
        self._loop.add(self._sock.fileno(), IN, self._ready)

    def pause(self) -> None:
        """Leave the others in the backlog for now."""
        if self._is_open and not self.is_paused:
            self.is_paused = True
            self._loop.modify(self._sock.fileno(), 0)

    def resume(self) -> None:
        """Take them up again."""
        if self._is_open and self.is_paused:
            self.is_paused = False
            self._loop.modify(self._sock.fileno(), IN)

    def close(self) -> None:
        """No more."""
        if self._is_open:
            self._is_open = self.is_paused = False
            self._loop.remove(self._sock.fileno())

    def _ready(self, _: int) -> None:
        for _ in range(AT_ONCE):
            if self.is_paused or not self._is_open:
                return
            try:
                sock, _ = self._sock.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self.pause()
                    self._starved()
                return
            sock.setblocking(False)
            self._accepted(sock)
