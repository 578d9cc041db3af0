"""A client's connection to the pool's public socket: one call at a time, of either version.

Further requests wait unread in the socket. A client that hangs up is known by EPOLLHUP; one that only will
not ask any more (half-close) still gets its answer.
"""

import os
import socket
from typing import TYPE_CHECKING

from supervisord_lite.linux import peer
from supervisord_lite.pool.arbiter import answers
from supervisord_lite.pool.arbiter.connections import excess, requests
from supervisord_lite.pool.arbiter.connections.port import (
    BUFFER,
    CLOEXEC,
    CTRUNC,
    HEAD,
    HEAD_SIZE,
    HIGH,
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
from supervisord_lite.pool.arbiter.log import INFO
from supervisord_lite.pool.arbiter.loop import GONE, IN, OUT
from supervisord_lite.pool.routing import failures
from supervisord_lite.pool.routing.calls import Call
from supervisord_lite.pool.routing.failures import Refused
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.header import BY_FD, MAGIC, REQUEST, V1, V2

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

CALLS = frozenset({V1 << 8 | REQUEST, V2 << 8 | REQUEST, V2 << 8 | REQUEST | BY_FD})
"""Version and type of what is passed on to a worker."""

unpack = HEAD.unpack_from
pack_id = ID.pack_into


class Client(Port):
    """One client. It is busy from its request until the answer is in its socket."""

    __slots__ = ("_pid", "_waiting", "call", "hub", "is_busy", "is_ending", "reserved", "to_discard")

    def __init__(self, hub: "Arbiter", sock: socket.socket) -> None:
        self.hub = hub
        self.call: Call | None = None
        self.is_busy = False
        self.is_ending = False
        """Its next answer is the last."""
        self.reserved = 0
        """Bytes that are set aside for a long message of it."""
        self._pid: int | None = None
        self.to_discard = 0
        self._waiting: bytearray | None = None
        """What came in one read with the request that is being answered."""
        super().__init__(hub.loop, sock)

    @property
    def pid(self) -> int:
        """Of the process that connected; 0 where it cannot be known any more."""
        if self._pid is None and not self.is_closed:
            self._pid = peer.credentials(self.sock).pid
        return self._pid or 0

    @property
    def is_mid_message(self) -> bool:
        """Whether it owes the rest of a message."""
        return self._partial is not None or self.to_discard > 0

    @property
    def is_heard(self) -> bool:
        """Whether it is read at present."""
        return bool(self._events & IN)

    @property
    def is_in_the_way(self) -> bool:
        """Whether others wait for the room that it has."""
        return self.hub.room.is_awaited(self)

    # In.

    def ready(self, events: int) -> None:
        """Take one request, as a rule the whole of it, and pass it on."""
        if events != IN:
            if events & GONE:
                self.lost()
                return
            if events & OUT:
                self.flush()
            if self.is_closed or not events & IN:
                return
        if self.is_busy:
            self.read_on(False)
            return
        try:
            size, control, flags, _ = self._recv(
                INTO if self._partial is None and not self.hub.room.is_short else self.space(), ROOM, CLOEXEC
            )
        except BlockingIOError:
            return
        except OSError:
            self.lost()
            return
        version, request_id = V1, 0
        try:
            if control or flags & CTRUNC:
                version, request_id = requests.who_asks(
                    VIEW[:size] if self._partial is None else self._partial
                )
                self.claim(control, flags)
            if size >= HEAD_SIZE and self._partial is None and not self.to_discard:
                magic, version, kind, length, request_id = unpack(BUFFER)
                is_whole = length + HEAD_SIZE == size and length <= self.hub.max_message
                if is_whole and version << 8 | kind in CALLS and magic == MAGIC:
                    self._call(version, request_id, kind != REQUEST, VIEW[:size])
                    return
            self._take(size)
        except (BrokenPeer, WireError) as error:
            self.refuse(version, request_id, requests.unreadable(error))

    def _take(self, size: int) -> None:
        """Whatever is not one whole request."""
        if not size:
            self.lost()
        elif self.to_discard:
            excess.discard(self, size)
        elif self._partial is None:
            self._walk(VIEW[:size])
        else:
            whole = self.complete(size, self.hub.max_message)
            if whole is not None:
                self.hub.room.completed(self)
                self._answer(whole)
            elif not self.hub.room.take(self, self._wanted):
                self.read_on(False)
            self.hub.note_partial(self, size)

    def _walk(self, view: memoryview) -> None:
        """Several messages, or the beginning of one."""
        while len(view) >= HEAD_SIZE and not self.is_busy and not self.is_closed:
            if excess.is_too_long(self, view):
                return
            magic, version, _, length, request_id = unpack(view)
            try:
                check(view, self.hub.max_message)
            except WireError as error:
                known = request_id if magic == MAGIC else 0
                self.refuse(version, known, failures.broken(str(error)))
                return
            end = HEAD_SIZE + length
            if len(view) < end:
                break
            self._answer(view[:end])
            view = view[end:]
        if self.is_busy:
            self._waiting = bytearray(view) or None
        elif view and not self.is_closed:
            self.keep(view)
            self.hub.note_partial(self, len(view))

    def _answer(self, whole: memoryview) -> None:
        _, version, kind, _, request_id = unpack(whole)
        payload = whole[HEAD_SIZE:]
        try:
            if version << 8 | kind in CALLS:
                self._call(version, request_id, kind != REQUEST, whole)
            elif kind in requests.OWN:
                self.is_busy = True
                requests.OWN[kind](self, version, request_id, payload)
            else:
                raise BrokenPeer(f"a client does not send messages of type 0x{kind:02x}")
        except (BrokenPeer, WireError) as error:
            self.refuse(version, request_id, failures.broken(str(error)))

    def _call(self, version: int, request_id: int, by_fd: bool, whole: memoryview) -> None:
        hub = self.hub
        hub.latest = number = hub.latest + 1
        self.is_busy = True
        try:
            if by_fd:
                requests.check_length(self.first_fd(), hub.max_message)
            call = requests.parse(version, whole[HEAD_SIZE:], number, self, request_id, self.loop.now)
            if self._fds:
                call.fd = self.take_only_fd(by_fd)
            pack_id(whole, ID_AT, number)
            self.call = call
            if not hub.is_watching:
                hub.watch()
            lane = hub.router.submit(call, call.queued_at)
        except Refused as refused:
            self._refused(version, request_id, by_fd, refused.failure)
            return
        if lane is None:
            call.message = own(whole)
        else:
            lane.port.begin(call, whole)
            if self.reserved:
                hub.room.give_back(self)

    def _refused(self, version: int, request_id: int, by_fd: bool, failure: Failure) -> None:
        """The request is whole and cannot be served: the connection goes on."""
        call, self.call = self.call, None
        fd = call.fd if call is not None else -1
        if by_fd and fd < 0:
            fd = self.take_fd()
        if fd >= 0:
            os.close(fd)
        self.hub.log.say_seldom(failure.error_type, INFO, f"refused: {failure.message}", self.loop.now)
        self.conclude(answers.error(version, request_id, failure))

    # Out.

    def deliver(self, data: Data, fd: int, size: int) -> None:
        """Pass on a part of the answer; where too much waits already, its worker has to wait too."""
        self.send(data, fd, size)
        if self.out_size > HIGH and self.call is not None and self.call.lane is not None:
            self.call.lane.port.pause()

    def conclude(self, data: Data, fd: int = -1, size: int = 0) -> None:
        """Send the final message of what it asked."""
        self.call = None
        self.send(data, fd, size)
        if self._out is None:
            if self._events == IN and self._waiting is None and not self.reserved and not self.is_ending:
                self.is_busy = False  # as nearly always
            else:
                self._rest()

    def fail(self, call: Call, failure: Failure) -> None:
        """Its call has failed."""
        if call.fd >= 0:
            os.close(call.fd)
            call.fd = -1
        self.conclude(answers.error(call.version, call.request_id, failure))

    def end(self) -> None:
        """Hang up when what it asked is answered."""
        self.is_ending = True
        if not self.is_busy:
            self.lost()

    def rest_missing(self) -> None:
        """It left it at a part of a message."""
        self.refuse(V2, 0, failures.rest_missing())

    def refuse(self, version: int, request_id: int, failure: Failure) -> None:
        """It broke the protocol: say so, and close. Who speaks no version we know is told in version 1."""
        self.hub.garbage(self, failure.message)
        self.send(answers.error(V2 if version == V2 else V1, request_id, failure))
        self.lost()

    def relieved(self) -> None:
        """It has read most of what waited."""
        call = self.call
        if call is not None:
            if call.is_paused and call.lane is not None:
                call.lane.port.resume()
        elif self._out is None:
            self._rest()

    def _rest(self) -> None:
        """It may ask the next."""
        self.is_busy = False
        if self.is_closed:
            return
        if self.reserved:
            self.hub.room.give_back(self)
        if self.is_ending:
            self.lost()
        elif self._waiting:
            view, self._waiting = memoryview(self._waiting), None
            self._walk(view)
            if not self.is_busy and not self.is_closed and not self.hub.room.is_waiting(self):
                self.read_on(True)  # it was paused where more came while it was busy, be it the end of file
        elif not self._events & IN:
            self.read_on(True)

    def lost(self) -> None:
        """It has gone, or is to go."""
        if not self.is_closed:
            call, self.call = self.call, None
            pid = self.pid if call is not None else 0
            self._pid = self._pid or pid
            self.hang_up()
            self.hub.client_left(self, call)
