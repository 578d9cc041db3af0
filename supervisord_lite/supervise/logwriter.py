"""The log writer: copies what programs write into their log files, as a process of its own.

Run by the daemon with its socket on descriptor 3. A full disk stops no program: what a file does not take is
kept within bounds and tried again, and what has to be dropped is counted and told.
"""

import os
import selectors
import signal
import socket
import sys
from collections import deque

from setproctitle import setproctitle

from supervisord_lite.linux import descriptors, prctl
from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import FDS, Attach, Reopen, ToLogWriter

SOCKET = 3
CHUNK = 65536
MAX_KEPT = 2**20
"""Bytes kept for one file while its disk takes none."""

RETRY = 1.0
"""Seconds until a file that took nothing is tried again."""


class LogFile:
    """One pipe and the file it goes to."""

    def __init__(self, path: str, pipe: int, file: int) -> None:
        self.path = path
        self.pipe = pipe
        self._file = file
        self._kept = bytearray()
        self._lost = 0
        self._is_failing = False
        os.set_blocking(pipe, False)

    @property
    def is_behind(self) -> bool:
        """Whether something is kept that the file has not taken."""
        return bool(self._kept)

    def copy(self) -> bool:
        """Copy what is in the pipe now. Returns False at its end."""
        try:
            data = os.read(self.pipe, CHUNK)
        except BlockingIOError:
            return True
        room = MAX_KEPT - len(self._kept)
        self._kept += data[:room]
        self._lost += len(data) - min(len(data), room)
        self.flush()
        return bool(data)

    def flush(self) -> None:
        """Write what is kept, as far as the file takes it; say so when that begins and ends to fail."""
        try:
            while self._kept:
                del self._kept[: os.write(self._file, self._kept)]
        except OSError as error:
            if not self._is_failing:
                self._is_failing = True
                _say(f"<3>{self.path}: cannot write: {error.strerror}; trying again every {RETRY:g}s")
            return
        if self._is_failing:
            self._is_failing = False
            _say(f"<4>{self.path}: writing the log file again; {self._lost} bytes were lost")
            self._lost = 0

    def reopen(self, file: int) -> None:
        """Go on in another file."""
        self.flush()
        os.close(self._file)
        self._file = file

    def drain(self) -> None:
        """Copy everything that is in the pipe, and the rest of what is kept."""
        while True:
            try:
                data = os.read(self.pipe, CHUNK)
            except BlockingIOError:
                break
            if not data:
                break
            self._kept += data
            if len(self._kept) >= MAX_KEPT:
                self.flush()
                self._lost += max(0, len(self._kept) - MAX_KEPT)
                del self._kept[MAX_KEPT:]
        self.flush()

    def close(self) -> None:
        """The pipe has ended: nobody writes to it any more."""
        self.flush()
        os.close(self.pipe)
        os.close(self._file)


class LogWriter:
    """Waits for the daemon's messages and for the pipes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._reader = frames.Reader[ToLogWriter](ToLogWriter)  # type: ignore[arg-type]
        self._fds: deque[int] = deque()
        self._files: dict[str, LogFile] = {}
        self._ending: list[LogFile] = []
        """Files the daemon let go of, whose pipes still have writers."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._is_stopping = False
        self._wake_at_sigterm()

    def run(self) -> None:
        """Copy until the daemon says to stop, or is gone; then write what is there, and end."""
        while not self._is_stopping:
            behind = any(file.is_behind for file in self._everything())
            for key, _ in self._selector.select(RETRY if behind else None):
                if key.fileobj is self._control:
                    self._hear()
                elif key.fileobj == self._woken:
                    self._is_stopping = True
                elif not key.data.copy():
                    self._end(key.data)
            for file in self._everything():
                if file.is_behind:
                    file.flush()
        for file in self._everything():
            file.drain()

    def _everything(self) -> list[LogFile]:
        return [*self._files.values(), *self._ending]

    def _wake_at_sigterm(self) -> None:
        """A handler alone would not end the wait: it is resumed after a signal (PEP 475)."""
        self._woken, waker = os.pipe()
        os.set_blocking(waker, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGTERM, lambda *_: None)

    def _hear(self) -> None:
        data, fds = descriptors.receive(self._control, CHUNK)
        self._fds += fds
        self._is_stopping = self._is_stopping or not data
        for message in self._reader.feed(data):
            given = [self._fds.popleft() for _ in range(FDS[type(message)])]
            match message:
                case Attach(path=path):
                    self._attach(LogFile(path, *given))
                case Reopen(path=path) if path in self._files:
                    self._files[path].reopen(given[0])
                case Reopen():
                    os.close(given[0])  # nobody writes to it any more

    def _attach(self, file: LogFile) -> None:
        before = self._files.get(file.path)
        if before is not None:
            self._ending.append(before)
        self._files[file.path] = file
        self._selector.register(file.pipe, selectors.EVENT_READ, file)

    def _end(self, file: LogFile) -> None:
        self._selector.unregister(file.pipe)
        file.close()
        if file in self._ending:
            self._ending.remove(file)
        else:
            del self._files[file.path]


def _say(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        pass  # its own log is as full


def main() -> None:
    """Run on the socket that the daemon put on descriptor 3."""
    # It outlives a killed daemon for as long as it takes to write what the programs said last.
    prctl.die_with_parent(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setproctitle("app-supervisor: logwriter")
    control = socket.socket(fileno=SOCKET)
    control.set_inheritable(False)
    LogWriter(control).run()


if __name__ == "__main__":
    main()
