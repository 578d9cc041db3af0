"""The control socket: newline-delimited JSON, one request after the other on each connection.

No client can hold up another or the supervision: lines and connections are limited, replies are buffered
within bounds, and whoever stops reading is cut off.
"""

import asyncio
import logging
import socket

from .commands import Commands
from .connection import Connection
from .peers import Gate

log = logging.getLogger(__name__)


class ControlServer:
    """Accepts connections on the daemon's listening socket."""

    def __init__(self, sock: socket.socket, commands: Commands, gate: Gate, max_clients: int) -> None:
        self._sock = sock
        self._commands = commands
        self._gate = gate
        self._max_clients = max_clients
        self._server: asyncio.Server | None = None
        self._connections: dict[Connection, None] = {}

    async def open(self) -> None:
        """Begin to accept."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._accept, sock=self._sock, backlog=128)

    async def close(self) -> None:
        """Stop accepting, and end every connection that is not in the middle of a reply."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            await connection.finish()

    def _accept(self) -> Connection:
        if len(self._connections) >= self._max_clients:
            self._make_room()
        connection = Connection(self._commands, self._gate, self._forget)
        self._connections[connection] = None
        return connection

    def _make_room(self) -> None:
        """The connection that has been idle longest goes; if all are busy, the oldest."""
        idle = [connection for connection in self._connections if connection.is_idle]
        victim = (idle or list(self._connections))[0]
        log.warning(
            "control socket: more than %d connections, closing the oldest idle one", self._max_clients
        )
        victim.refuse("too many connections", "busy")
        self._forget(victim)

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
