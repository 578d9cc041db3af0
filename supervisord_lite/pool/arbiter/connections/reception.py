"""The backstage entrance: who connects there, and as what it goes on.

Only processes of the pool's own identity, or root's, are let in, and only the parent process is the daemon. A
lane belongs to the worker of its name and pid, as the kernel tells it.
"""

import os
import socket
from typing import TYPE_CHECKING

from supervisord_lite.linux import peer
from supervisord_lite.pool.arbiter.connections.control import Control
from supervisord_lite.pool.arbiter.connections.daemon import Daemon
from supervisord_lite.pool.arbiter.connections.lane import LanePort
from supervisord_lite.pool.arbiter.connections.listener import Listener
from supervisord_lite.pool.arbiter.connections.words import Newcomer, Talk
from supervisord_lite.pool.arbiter.log import INFO, WARNING
from supervisord_lite.pool.routing import casualties
from supervisord_lite.pool.routing.calls import Lane, Worker
from supervisord_lite.wire import backstage
from supervisord_lite.wire.backstage import Hello

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

HELLO_WITHIN = 30.0
"""Seconds for a hello, and for the control connection that a lane belongs to."""


class Reception:
    """Accepts on the backstage socket."""

    def __init__(self, hub: "Arbiter", sock: socket.socket) -> None:
        self._hub = hub
        self._newcomers: set[Newcomer] = set()
        self._early: dict[tuple[str, int], list[tuple[float, socket.socket]]] = {}
        """Lanes whose worker's control connection was not heard yet."""
        self._listener = Listener(hub.loop, sock, self._accept, hub.watch)
        self._listener.open()

    def __len__(self) -> int:
        return len(self._newcomers) + len(self._early) + self._listener.is_paused

    def _accept(self, sock: socket.socket) -> None:
        hub = self._hub
        found = peer.credentials(sock)
        if found.uid not in (0, os.geteuid()):
            hub.log.say_seldom("stranger", WARNING, f"uid {found.uid} may not come backstage", hub.loop.now)
            sock.close()
            return
        self._newcomers.add(Newcomer(hub, sock, found.pid))
        hub.watch()

    def left(self, newcomer: Newcomer) -> None:
        """It is known by now, or gone."""
        self._newcomers.discard(newcomer)

    def welcome(self, hello: Hello, sock: socket.socket, pid: int) -> Talk | None:
        """Someone has said what it is: who goes on in its place, if not a lane."""
        match hello.role:
            case backstage.DAEMON if pid == self._hub.parent:
                return self._hub.take_over(Daemon(self._hub, sock))
            case backstage.CONTROL:
                return self._join(hello, sock, pid)
            case backstage.LANE:
                self._take_lane((hello.name, pid), sock)
            case _:
                self._hub.log.say(
                    WARNING, f"process {pid} says it is {hello.role} {hello.name}, and may not be"
                )
                sock.close()
        return None

    def _join(self, hello: Hello, sock: socket.socket, pid: int) -> Control:
        hub = self._hub
        before = hub.router.workers.get((hello.name, pid))
        if before is not None:
            casualties.gone(hub.router, before, "connected anew")
            hub.perform()
        worker = Worker(hello.name, pid, hello.apps, hello.threads, hub.loop.now)
        worker.limits = hub.draw_limits()
        hub.router.join(worker)
        control = Control(hub, sock, worker)
        for _, early in self._early.pop(worker.key, []):
            self._open_lane(worker, early)
        hub.workers_changed()
        return control

    def _take_lane(self, key: tuple[str, int], sock: socket.socket) -> None:
        worker = self._hub.router.workers.get(key)
        if worker is None:
            self._early.setdefault(key, []).append((self._hub.loop.now, sock))
        else:
            self._open_lane(worker, sock)

    def _open_lane(self, worker: Worker, sock: socket.socket) -> None:
        hub = self._hub
        lane = Lane(worker)
        port = LanePort(hub, sock, lane)
        if not worker.lanes:
            hub.log.say(INFO, f"{worker.label} is ready: {', '.join(worker.apps)}")
        call = hub.router.open_lane(lane, hub.loop.now)
        if call is not None:
            port.begin_queued(call)
        hub.workers_changed()

    def sweep(self, now: float) -> None:
        """Send away who did not say what it is; take up again who found no descriptor."""
        self._listener.resume()
        for newcomer in [one for one in self._newcomers if now - one.since >= HELLO_WITHIN]:
            newcomer.lost()
        for key in [key for key, lanes in self._early.items() if now - lanes[0][0] >= HELLO_WITHIN]:
            for _, sock in self._early.pop(key):
                sock.close()
