"""Noticing that a client has gone, where it had only said its last before.

End of file does not tell a client that waits for its reply, as socat does, from one that was interrupted. The
kernel does: EPOLLHUP comes when both directions are closed (epoll_ctl(2)), and asyncio does not pass it on.
"""

import asyncio
import select
import socket
from collections.abc import Callable


class Departure:
    """Calls back once, when the peer of this socket has closed it. Close it before the socket."""

    def __init__(self, sock: socket.socket, on_gone: Callable[[], None]) -> None:
        """Raises `OSError` where there is no descriptor left for it."""
        self._on_gone = on_gone
        self._epoll = select.epoll()
        self._epoll.register(sock.fileno(), 0)  # hanging up is told unasked
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._gone)

    def _gone(self) -> None:
        self.close()
        self._on_gone()

    def close(self) -> None:
        """Watch no more."""
        if not self._epoll.closed:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
