"""A worker's control connection, and the pidfd that tells its death even where a child keeps its sockets."""

import os
import socket
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter.connections.port import BrokenPeer
from supervisord_lite.pool.arbiter.connections.words import Talk
from supervisord_lite.pool.arbiter.loop import IN
from supervisord_lite.pool.routing import casualties
from supervisord_lite.pool.routing.calls import Call, Worker
from supervisord_lite.wire import backstage
from supervisord_lite.wire.backstage import Cancel, Initialising, KeepAlive, Leave
from supervisord_lite.wire.header import WORD
from supervisord_lite.wire.splitter import Frame

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter


class Control(Talk):
    """Hears what a worker says about itself, and interrupts its calls."""

    __slots__ = ("_pidfd", "worker")

    def __init__(self, hub: "Arbiter", sock: socket.socket, worker: Worker) -> None:
        self.worker = worker
        worker.port = self
        self._pidfd = -1
        super().__init__(hub, sock)
        try:
            self._pidfd = os.pidfd_open(worker.pid)
        except ProcessLookupError:
            return  # the end of its connection tells the same
        hub.loop.add(self._pidfd, IN, self._ended)

    def __repr__(self) -> str:
        return self.worker.label

    def heard(self, message: Frame) -> None:
        """One word of it."""
        if message.kind != WORD:
            raise BrokenPeer(f"a message of type 0x{message.kind:02x} came on its control connection")
        router = self.hub.router
        match backstage.decode_from_worker(message.payload):
            case KeepAlive(call=number):
                call = router.calls.get(number)
                if call is not None and call.lane is not None and call.lane.worker is self.worker:
                    call.active_at = self.loop.now
            case Leave():
                router.depart(self.worker)
                self.hub.workers_changed()
            case Initialising(app=app):
                self.worker.initialising = app

    def interrupt(self, call: Call) -> None:
        """Ask it to end this call."""
        self.say(Cancel(call.id))

    def _ended(self, _: int) -> None:
        """The process has: whatever it said before is in its sockets."""
        for lane in list(self.worker.lanes):
            lane.port.read_out()
        self.lost()
        if self.hub.router.effects:
            self.hub.perform()

    def lost(self) -> None:
        """The worker has gone, or its connection."""
        if not self.is_closed:
            self.hang_up()
            casualties.lose_worker(self.hub.router, self.worker, self.loop.now)
            self.hub.workers_changed()

    def hang_up(self) -> None:
        """Close the connection and the pidfd."""
        if self._pidfd >= 0:
            self.loop.remove(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        super().hang_up()
