"""Connections to the pool's backstage socket, other than lanes: whoever speaks in words.

Everyone opens with a `Hello`; only processes of the pool's own identity, or root's, are listened to.
"""

import socket
from typing import TYPE_CHECKING, Any

from supervisord_lite.pool.arbiter.connections.port import (
    CLOEXEC,
    CTRUNC,
    INTO,
    NONSENSE,
    ROOM,
    VIEW,
    BrokenPeer,
    Port,
)
from supervisord_lite.pool.arbiter.loop import GONE, IN, OUT
from supervisord_lite.wire import backstage
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.header import HELLO, V2, WORD
from supervisord_lite.wire.splitter import Frame, Splitter, frame

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

MAX_WORD = 16 * 1024 * 1024


class Talk(Port):
    """A connection of whole messages, of which none is hot."""

    __slots__ = ("_splitter", "hub")

    def __init__(self, hub: "Arbiter", sock: socket.socket) -> None:
        self.hub = hub
        self._splitter = Splitter(MAX_WORD)
        super().__init__(hub.loop, sock)

    def ready(self, events: int) -> None:
        """Take the words that came; whoever says nonsense is cut off."""
        if events & OUT and not events & GONE:
            self.flush()
        if self.is_closed or not events & (IN | GONE):
            return
        try:
            size, control, flags, _ = self._recv(INTO, ROOM, CLOEXEC)
            if control or flags & CTRUNC:
                self.claim(control, flags)
            frames = self._splitter.feed(bytes(VIEW[:size]))
            if self._fds:
                raise BrokenPeer("no descriptors are taken here")
            self.hear(frames)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        except (BrokenPeer, WireError, *NONSENSE) as error:
            self.hub.log.say(3, f"{self!r} broke the protocol: {error}")
            size = 0
        if not size:
            self.lost()
        if self.hub.router.effects:
            self.hub.perform()

    def hear(self, frames: list[Frame]) -> None:
        """Messages came."""
        for message in frames:
            if not self.is_closed:
                self.heard(message)

    def heard(self, message: Frame) -> None:
        """One message came."""
        raise NotImplementedError

    def follow(self, newcomer: "Newcomer", frames: list[Frame]) -> None:
        """Take over from who it was before its hello."""
        self._splitter = newcomer.said()
        self.hear(frames)

    def say(self, word: Any) -> None:
        """Send one word of `wire.backstage`."""
        self.send(frame(V2, WORD, 0, backstage.encode(word)))


class Newcomer(Talk):
    """Whoever has connected, until its `Hello`."""

    __slots__ = ("pid", "since")

    def __init__(self, hub: "Arbiter", sock: socket.socket, pid: int) -> None:
        self.pid = pid
        self.since = hub.loop.now
        super().__init__(hub, sock)

    def __repr__(self) -> str:
        return f"process {self.pid} on the backstage socket"

    def hear(self, frames: list[Frame]) -> None:
        """Its hello: it goes on as what it says it is, with what it has said after it."""
        if not frames:
            return
        if frames[0].kind != HELLO:
            raise BrokenPeer("it did not say hello first")
        hello = backstage.decode_hello(frames[0].payload)
        self.loop.remove(self.fd)
        self.is_closed = True
        self.hub.reception.left(self)
        successor = self.hub.reception.welcome(hello, self.sock, self.pid)
        if successor is not None:
            successor.follow(self, frames[1:])

    def said(self) -> Splitter:
        """The beginning of a message that is not complete."""
        return self._splitter

    def lost(self) -> None:
        """It left, or is sent away."""
        self.hub.reception.left(self)
        self.hang_up()
