"""The public entrance: how many clients are let in at a time. The others wait in the backlog."""

import resource
import socket
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter.connections.client import Client
from supervisord_lite.pool.arbiter.connections.listener import Listener
from supervisord_lite.pool.arbiter.log import WARNING

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

RESERVE = 512
"""Descriptors that clients' connections may not take: workers, memfds on their way or waiting, the stash."""

AT_LEAST = 16


class Admission:
    """Accepts clients, from `open` on."""

    def __init__(self, hub: "Arbiter", sock: socket.socket) -> None:
        self._hub = hub
        self._most = max(AT_LEAST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVE)
        self._listener = Listener(hub.loop, sock, self._accept, hub.watch)
        self.open = self._listener.open
        self.close = self._listener.close

    def _accept(self, sock: socket.socket) -> None:
        hub = self._hub
        hub.clients.add(Client(hub, sock))
        count = len(hub.clients)
        if count >= self._most:
            self._listener.pause()
            hub.log.say_seldom("full", WARNING, f"{count} clients: no more fit in", hub.loop.now)

    def resume(self) -> None:
        """Where somebody has left, or there are descriptors again, the next may come."""
        if len(self._hub.clients) < self._most:
            self._listener.resume()
