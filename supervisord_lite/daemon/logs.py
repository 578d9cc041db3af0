"""The daemon's own log: one line an event on standard error, never waiting for whoever reads it.

Under systemd the lines carry syslog priority prefixes (sd-daemon(3)); on a terminal they carry the time and
colour; elsewhere the time. What cannot be written at once is kept within bounds, and what is dropped is
counted and told.
"""

import asyncio
import logging
import os
import select
import socket
import stat
import sys
import time
from collections import deque
from collections.abc import Mapping

from supervisord_lite.systemd import journal

PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
COLOURS = {logging.CRITICAL: "1;31", logging.ERROR: "31", logging.WARNING: "33", logging.DEBUG: "2"}

MAX_KEPT = 1000
"""Lines kept for a reader that is not reading."""

RETRY = 0.5
"""Seconds until what is kept is tried again."""


class JournalFormatter(logging.Formatter):
    """A priority prefix on every line, so that a traceback is one level throughout."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


class TerminalFormatter(logging.Formatter):
    """The time of day, and the level as a colour."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{time.strftime('%H:%M:%S')} {super().format(record)}"
        colour = COLOURS.get(record.levelno)
        return f"\x1b[{colour}m{text}\x1b[0m" if colour is not None else text


class PlainFormatter(logging.Formatter):
    """Date, time and level, which is not said again where the message begins with it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname
        return super().format(record).replace(f" {level} {level}: ", f" {level}: ", 1)


class StderrHandler(logging.Handler):
    """Writes to standard error only what it takes at once, and the rest later."""

    def __init__(self, fd: int, unit: str | None) -> None:
        """`unit` is this process's, where the descriptor is the journal: a lost stream is then replaced."""
        super().__init__()
        self._fd = fd
        self._unit = unit
        is_socket = stat.S_ISSOCK(os.fstat(fd).st_mode)
        self._stream = socket.socket(fileno=os.dup(fd)) if is_socket else None
        self._kept: deque[bytes] = deque()
        self._retry: asyncio.TimerHandle | None = None
        self.dropped = 0
        """Lines lost since the start, because nobody read them."""
        self._untold = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or keep it."""
        if len(self._kept) >= MAX_KEPT:
            self.dropped += 1
            self._untold += 1
        else:
            self._kept.append((self.format(record) + "\n").encode(errors="replace"))
        if self._retry is None:
            self.flush()

    def flush(self) -> None:
        """Write what is kept, as far as it is taken now; try again in a while."""
        self._retry = None
        while self._kept:
            line = self._kept[0]
            written = self._write(line)
            if written == 0:
                self._flush_later()
                return
            self._kept[0] = line[written:]
            if not self._kept[0]:
                self._kept.popleft()
        if self._untold:
            untold, self._untold = self._untold, 0
            logging.getLogger(__name__).warning("log: %d lines were lost, because nobody read them", untold)

    def _flush_later(self) -> None:
        try:
            self._retry = asyncio.get_running_loop().call_later(RETRY, self.flush)
        except RuntimeError:
            self._retry = None  # before the loop and after it there is no later

    def _write(self, data: bytes) -> int:
        """The number of bytes taken without waiting; all of them where nobody will ever take them."""
        try:
            if self._stream is not None:
                return self._stream.send(data, socket.MSG_DONTWAIT)
            # A pipe that polls as writable takes PIPE_BUF bytes at once; a file or a terminal takes them all.
            return os.write(self._fd, data[: select.PIPE_BUF]) if self._is_writable() else 0
        except BlockingIOError:
            return 0
        except OSError:
            return 0 if self._replace_stream() else len(data)

    def _is_writable(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(0))

    def _replace_stream(self) -> bool:
        """A stopped journal loses its streams. Returns whether it makes sense to try again."""
        if self._unit is None:
            return False
        try:
            fresh = journal.open_stream("supervisord-lite", self._unit)
        except journal.JournalUnreachable:
            return True
        if self._stream is not None:
            self._stream.close()
        self._stream = fresh
        return True


def configure(level: str, environ: Mapping[str, str], unit: str | None) -> StderrHandler:
    """Send the log of this process to standard error, in the form that its reader expects."""
    is_journal = journal.is_stream(2, environ.get("JOURNAL_STREAM"))
    handler = StderrHandler(2, unit if is_journal else None)
    if is_journal:
        handler.setFormatter(JournalFormatter("%(message)s"))
    elif sys.stderr.isatty() and "NO_COLOR" not in environ:
        handler.setFormatter(TerminalFormatter("%(message)s"))
    else:
        handler.setFormatter(PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return handler
