"""One lane: a connection to the arbiter, and the thread that runs the calls which come down it.

The thread that receives a call runs it and sends its answer: nothing is handed over. When the arbiter dies,
the call that runs goes on, its answer is thrown away, and the lane connects to the next arbiter.
"""

import os
import socket
import threading
import time
from array import array

from supervisord_lite.dirty.app import serving
from supervisord_lite.wire import backstage
from supervisord_lite.wire.backstage import LANE
from supervisord_lite.wire.header import HELLO, V2
from supervisord_lite.wire.splitter import Frame, Splitter, WireError, frame
from supervisord_lite.wire.worker_orders import WorkerOrders

from . import diary
from .call import Call
from .dialects import Message, send
from .ear import Ear, hello
from .performance import Performer
from .requests import Reader, Refused
from .route import Delay, connect

_READ = 192 * 1024
"""Bytes asked for in one read: about what a unix socket holds, so that a request comes in one."""
_ROOM = socket.CMSG_SPACE(4 * array("i").itemsize)
_STALE = 10.0
"""Seconds after which a call that was cancelled before it came is not expected any more."""


class Lane:
    """`call` is what it runs now; `epoch` is that of the arbiter it is connected to."""

    def __init__(self, orders: WorkerOrders, ear: Ear, journal: diary.Diary, performer: Performer) -> None:
        self._ear = ear
        self._diary = journal
        self._performer = performer
        self._path = orders.backstage
        self._max_message = orders.max_message
        self._reader = Reader(orders.max_message, takes_pickle=orders.pickle, keep_alive=self._keep_alive)
        self._hello = frame(V2, HELLO, 0, backstage.encode(hello(orders, LANE)))
        self._sock: socket.socket | None = None
        self._early: dict[tuple[int, int], float] = {}
        self._is_hung_up = False
        self._is_copy = False
        self.call: Call | None = None
        self.epoch = 0

    # In its own thread.

    def open(self) -> bool:
        """Connect to the arbiter, as soon as there is one; False where the worker is to end instead."""
        delay = Delay()
        while not self._ear.is_leaving:
            # The control connection goes first; but where only a lane was lost there is nothing to wait for.
            self._ear.wait_for_arbiter(self.epoch, delay.LONGEST if self.epoch else 3600)
            try:
                sock = connect(self._path)
                sock.setblocking(True)
                sock.sendall(self._hello)
            except OSError:
                self._ear.wait_for_arbiter(1 << 62, delay.next())
                continue
            self.epoch = self._ear.epoch
            self._sock = sock
            if self._is_hung_up:
                self.hang_up()
            return True
        return False

    def run(self) -> None:
        """Run calls until the worker leaves and has no more of them."""
        delay = Delay()
        while self._sock is not None:
            began = time.monotonic()
            try:
                self._serve(self._sock)
            except (OSError, WireError) as error:
                if not self._ear.is_leaving:
                    self._diary.say(diary.WARNING, f"a lane lost the arbiter: {diary.spell(error)}")
            except BaseException as error:  # noqa: BLE001 - an app's signal handler may raise anything here
                what = f"a lane failed: {type(error).__name__}: {diary.spell(error)}"
                self._diary.say(diary.ERROR, what, diary.trace(error))
            self.call = None
            self._sock.close()
            self._sock = None
            self._ear.wait_for_arbiter(1 << 62, delay.after(began))
            self.open()

    def _serve(self, sock: socket.socket) -> None:
        """Until the arbiter says that there is no more, or is gone."""
        splitter = Splitter(self._max_message)
        receive, feed = sock.recvmsg, splitter.feed
        fds: list[int] = []
        try:
            while True:
                data, control, flags, _ = receive(_READ, _ROOM, socket.MSG_CMSG_CLOEXEC)
                if not data:
                    return
                if control or flags & socket.MSG_CTRUNC:
                    fds += _descriptors(control)
                messages = feed(data)
                del data  # what a call was asked is not kept until the next one
                while messages:
                    self._answer(sock, messages.pop(0), fds)
        finally:
            for fd in fds:
                os.close(fd)

    def _answer(self, sock: socket.socket, message: Frame, fds: list[int]) -> None:
        def reply(answer: Message) -> None:
            if self._is_copy:  # forked by the action, and come back from it
                diary.flush()
                os._exit(0)
            send(sock, answer)

        try:
            call, dialect, args, kwargs = self._reader.read(message, fds)
        except Refused as refused:
            self._diary.say(diary.WARNING, f"{refused.what or message.request_id} refused: {refused}")
            reply(refused.dialect.error(message.request_id, refused.error))
            return
        self.call = call
        if self._early and self._early.pop((self.epoch, call.id), None) is not None:
            call.cancel()
        try:
            with serving(call):
                self._performer.perform(call, dialect, args, kwargs, reply)
        finally:
            call.is_over = True
            self.call = None

    def _keep_alive(self, call: Call) -> None:
        self._ear.keep_alive(self.epoch, call.id)

    # From the ear's thread.

    def find(self, epoch: int, number: int) -> Call | None:
        """The call of this number, if it runs here."""
        call = self.call
        return call if call is not None and call.id == number and self.epoch == epoch else None

    def expect(self, epoch: int, number: int, now: float) -> None:
        """Cancel this call as soon as it comes: the arbiter's word about it may be quicker than itself."""
        for key, since in list(self._early.items()):  # the oldest first
            if now - since <= _STALE:
                break
            self._early.pop(key, None)
        self._early[epoch, number] = now

    def hang_up(self) -> None:
        """Take no more calls than have already come."""
        self._is_hung_up = True
        sock = self._sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RD)
            except OSError:
                pass  # it is gone

    def close(self) -> None:
        """In a forked copy: what is answered here is not its to answer."""
        self._is_copy = True
        if self._sock is not None:
            self._sock.close()


def _descriptors(control: list[tuple[int, int, bytes]]) -> list[int]:
    fds = array("i")
    for level, kind, payload in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    return list(fds)


def run_all(lanes: list[Lane]) -> None:
    """Run them: the first in this thread, the others in threads of their own, until all have ended."""
    others = []
    for number, lane in enumerate(lanes[1:], 2):
        others.append(threading.Thread(target=lane.run, name=f"dirty-lane-{number}", daemon=True))
        others[-1].start()
    lanes[0].run()
    for thread in others:
        thread.join()
