"""Where the chunks of a stream leave: at once, or, where they come fast, several in a message.

The thread that makes chunks appends them, with single operations on a deque: `Cancelled` may strike it there.
Sending is done under a lock that it only takes behind a shut gate, by itself or by the lane's flusher.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from .call import Call
from .dialects import Dialect, Message, discard

AT_ONCE = 0.0005
"""Seconds since the last message after which a chunk is sent as it comes; before that it waits for more."""

ROOM = 32768
"""Bytes, about, that wait at most."""

_EACH = 16
_LONG = 16384

Send = Callable[[Message], None]


class Outlet:
    """The chunks of one call on their way. `sent_at` is monotonic."""

    def __init__(self, call: Call, dialect: Dialect, send: Send) -> None:
        self.call = call
        self.dialect = dialect
        self._send = send
        self._lock = threading.Lock()
        self.queue: deque[object] = deque()
        self.sent_at = 0.0
        self.failure: Exception | None = None

    def put(self, chunk: object) -> int:
        """Queue a chunk as it is now, for it may change later. Returns roughly its bytes.

        Raises what the dialect raises where it cannot travel.
        """
        kind = type(chunk)
        if kind in self.dialect.immutable:
            if kind is not str and kind is not bytes:
                self.queue.append(chunk)
                return _EACH
            size = len(chunk)  # type: ignore[arg-type]
            if size < _LONG:
                self.queue.append(chunk)
                return size + _EACH
        frozen = self.dialect.freeze(self.call.id, chunk)
        self.queue.append(frozen)
        return frozen.size + _EACH

    def flush(self) -> None:
        """Send everything queued; blocks while the caller does not read. Raises what the send raises."""
        with self._lock:
            self._flush()
            if self.failure is not None:
                raise self.failure

    def flush_for(self) -> None:
        """The same on behalf of the call's thread, which hears of a failure at its next `flush`."""
        with self._lock:
            try:
                self._flush()
            except Exception as error:  # noqa: BLE001 - it is the call's, and its thread raises it
                self.failure = error

    def finish(self, message: Message) -> None:
        """Send what is left and the final message."""
        with self._lock:
            self._flush()
            self._send(message)

    def _flush(self) -> None:
        if self.failure is not None:
            return
        items = [self.queue.popleft() for _ in range(len(self.queue))]
        if items:
            for message in self.dialect.chunks(self.call.id, items):
                self._send(message)
            self.sent_at = time.monotonic()
            self.call.chunk_left(self.sent_at)

    def drop(self, failure: Exception) -> None:
        """Nothing of it can be sent any more, and nobody is sending when this returns."""
        with self._lock:
            self.failure = failure
            discard(self.queue)
            self.queue.clear()


class Flusher:
    """Sends what a generator left waiting when it did not come back in time; one thread for each lane.

    While chunks come fast it looks every millisecond and is never woken; after that it sleeps.
    """

    TICK = 0.001
    PATIENCE = 20
    """Ticks without a chunk before it sleeps."""

    def __init__(self) -> None:
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._outlet: Outlet | None = None
        self.is_awake = False

    def attend(self, outlet: Outlet) -> None:
        """From now on look after this one."""
        self._outlet = outlet
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dirty-flusher", daemon=True)
            self._thread.start()

    def forget(self) -> None:
        """The stream has ended."""
        self._outlet = None

    def wake(self) -> None:
        """A chunk waits. Safe where `Cancelled` may strike."""
        self.is_awake = True
        self._wake.put(None)

    def _run(self) -> None:
        while True:
            self._wake.get()
            idle = 0
            while idle < self.PATIENCE or self._has_work():
                time.sleep(self.TICK)
                idle = 0 if self._look() else idle + 1
            self.is_awake = False
            if self._has_work():  # it came between the two lines above, and saw no reason to wake anybody
                self.wake()

    def _has_work(self) -> bool:
        outlet = self._outlet
        return outlet is not None and bool(outlet.queue) and outlet.failure is None

    def _look(self) -> bool:
        outlet = self._outlet
        if outlet is None or not outlet.queue or outlet.failure is not None:
            return False
        if time.monotonic() - outlet.sent_at >= AT_ONCE:
            outlet.flush_for()
        return True
