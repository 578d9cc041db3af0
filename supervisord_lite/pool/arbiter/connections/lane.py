"""The connection of one thread of a worker: a request goes in, chunks and one final message come out.

What the worker sends for a call is passed on as it came, several messages at a time where they came together;
only their request id is replaced. What nobody waits for any more is read and thrown away.
"""

import array
import errno
import os
import socket
from math import inf as NEVER
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter.connections.port import (
    CLOEXEC,
    CTRUNC,
    HEAD,
    HEAD_SIZE,
    ID,
    ID_AT,
    INTO,
    ROOM,
    VIEW,
    BrokenPeer,
    Data,
    Port,
    check,
    own,
)
from supervisord_lite.pool.arbiter.loop import GONE, IN, OUT
from supervisord_lite.pool.routing import casualties, failures
from supervisord_lite.pool.routing.calls import Call, Lane
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.header import BY_FD, CHUNK, END, ERROR, MAGIC, RESPONSE, V1

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

SLACK = 64 * 1024
"""What the frame of a result may take beyond `max_message`."""

ANSWERS = frozenset({CHUNK, RESPONSE, ERROR, END})

unpack = HEAD.unpack_from
pack_id = ID.pack_into


class LanePort(Port):
    """One lane's socket. `lane` is what the router knows of it."""

    __slots__ = ("hub", "lane")

    def __init__(self, hub: "Arbiter", sock: socket.socket, lane: Lane) -> None:
        self.hub = hub
        self.lane = lane
        lane.port = self
        super().__init__(hub.loop, sock)

    # Out.

    def begin(self, call: Call, message: Data) -> None:
        """Send the worker its next call. Where it has gone before, the call goes elsewhere."""
        try:
            if self.is_closed:
                raise BrokenPipeError(errno.EPIPE, "its lane was closed")
            if call.fd < 0:
                sent = self._send(message)
            else:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [call.fd]))]
                sent = self.sock.sendmsg([message], rights)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._unreached(call, message, error)
            return
        if sent == len(message) and call.fd < 0:
            return
        fd, call.fd = call.fd, -1
        if sent:
            if fd >= 0:
                os.close(fd)
            fd = -1
        if sent < len(message):
            self._wait([(own(message, sent), fd, 0)], OUT)

    def _unreached(self, call: Call, message: Data, error: OSError) -> None:
        hub = self.hub
        if error.errno in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
            call.message = own(message)
            hub.router.put_back(self.lane)
            self.lost()
            hub.router.dispatch(self.loop.now)
        else:
            hub.router.fail(call, failures.not_passed_on(call, error))
            self._finish(is_error=True)
        hub.perform()

    def half_close(self) -> None:
        """Nothing more comes: the worker's thread ends."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone already

    def pause(self) -> None:
        """The client does not read: neither is the worker read, and its time stands still."""
        call = self.lane.call
        if call is not None and not call.is_paused:
            call.is_paused = True
            call.active_at = self.loop.now
            self.read_on(False)

    def resume(self) -> None:
        """Read again: the client does, or has gone."""
        call = self.lane.call
        if call is not None and call.is_paused:
            call.is_paused = False
            call.active_at = self.loop.now
        self.read_on(True)

    # In.

    def ready(self, events: int) -> None:
        """Take what the worker sent for its call."""
        if events != IN:
            if events & OUT and not events & GONE:
                self.flush()
            if events & GONE:
                while self._read():
                    pass
                self.lost()
                return
            if not events & IN:
                return
        self._read()

    def read_out(self) -> None:
        """Take what is there still: the worker has ended."""
        while self._read():
            pass

    def _read(self) -> bool:
        """Take one bufferful. Returns False where there is nothing more now."""
        if self.is_closed:
            return False
        try:
            size, control, flags, _ = self._recv(
                INTO if self._partial is None else self.space(), ROOM, CLOEXEC
            )
        except BlockingIOError:
            return False
        except OSError:
            size, control, flags = 0, [], 0
        if not size:
            self.lost()
            return False
        try:
            if control or flags & CTRUNC:
                self.claim(control, flags)
            if self._partial is None:
                self._pass_on(VIEW[:size])
            else:
                whole = self.complete(size, self.hub.max_message + SLACK)
                if whole is not None:
                    self._pass_on(whole)
        except (BrokenPeer, WireError) as error:
            self._broken(str(error))
        if self.hub.router.effects:
            self.hub.perform()
        return True

    def _pass_on(self, view: memoryview) -> None:
        """Whole messages, in one piece as far as may be; what is left begins another one."""
        call = self.lane.call
        start = at = 0
        size = len(view)
        while size - at >= HEAD_SIZE:
            magic, _, kind, length, request_id = unpack(view, at)
            stop = at + HEAD_SIZE + length
            if stop > size or magic != MAGIC:
                check(view[at:], self.hub.max_message + SLACK)
                break
            if call is None or request_id != call.id:
                raise BrokenPeer(f"it answered call {request_id}, which it does not run")
            pack_id(view, at + ID_AT, call.request_id)
            if kind == CHUNK:
                at = stop
                continue
            if at > start and kind & BY_FD:
                self._relay(call, CHUNK, view[start:at], -1)
                start = at
            fd = self._claimed(call) if kind & BY_FD else -1
            if kind & ~BY_FD not in ANSWERS:
                raise BrokenPeer(f"it sent a message of type 0x{kind:02x}")
            self._relay(call, kind & ~BY_FD, view[start:stop], fd)
            start = at = stop
            call = call if kind == CHUNK | BY_FD else None
        if at > start and call is not None:
            self._relay(call, CHUNK, view[start:at], -1)
        if at < size:
            self.keep(view[at:])

    def _claimed(self, call: Call) -> int:
        fd = self.take_fd()
        if call.version == V1:
            os.close(fd)
            raise BrokenPeer("it sent a memfd to a client of version 1")
        return fd

    def _relay(self, call: Call, kind: int, data: Data, fd: int) -> None:
        client = call.client
        if kind != CHUNK:
            call.client = None
            self._finish(kind == ERROR)  # first, so that the worker does not wait while the client is told
        if client is None:
            if fd >= 0:
                os.close(fd)
        elif kind != CHUNK:
            client.conclude(data, fd, os.fstat(fd).st_size if fd >= 0 else 0)
        else:
            client.deliver(data, fd, os.fstat(fd).st_size if fd >= 0 else 0)
        if kind != CHUNK:
            return
        call.active_at = self.loop.now
        if not call.is_stream or call.deadline != NEVER:
            call.is_stream = True
            call.deadline = NEVER
        if call.client is None:
            self.hub.router.leave(call, self.loop.now)

    def _finish(self, is_error: bool) -> None:
        following = self.hub.router.finish(self.lane, self.loop.now, is_error)
        if following is not None:
            self.begin_queued(following)

    def begin_queued(self, call: Call) -> None:
        """Send a call that has waited."""
        message, call.message = call.message, b""
        self.begin(call, message)
        client = call.client
        if client is not None and client.reserved:
            self.hub.room.give_back(client)

    # The end.

    def _broken(self, what: str) -> None:
        lane, hub = self.lane, self.hub
        worker, call = lane.worker, lane.call
        hub.log.say(3, f"{worker.label} broke the protocol: {what}")
        if call is not None:
            hub.router.fail(call, failures.worker_talks_nonsense(call, worker, what))
        self.lost()

    def lost(self) -> None:
        """The worker has closed it, or is to be cut off."""
        if not self.is_closed:
            self.hang_up()
            casualties.lose_lane(self.lane, self.loop.now)
            self.hub.workers_changed()
