"""Where a program's output goes: straight into the journal, into a file, or where the daemon's own goes."""

import logging
import os
from contextlib import ExitStack
from typing import Protocol

from supervisord_lite.config.program import Launch
from supervisord_lite.systemd import journal

log = logging.getLogger(__name__)


class Stdio:
    """The descriptors that become 0, 1 and 2 of a process, open until it has them."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.fds: list[int] = []
        self.journal_stream: str | None = None
        """The value of JOURNAL_STREAM that is true for its standard error."""

    def adopt(self, fd: int) -> int:
        """Close this descriptor with the others."""
        self._open.callback(os.close, fd)
        return fd

    def close(self) -> None:
        """Close what was opened for the process."""
        self._open.close()


class Files(Protocol):
    """Who writes the log files."""

    def writer(self, path: str, owner: tuple[int, int] | None) -> int:
        """A descriptor, not the caller's to close, whose bytes end up in the file. Raises `OSError`."""


class Outputs:
    """Opens what a program's standard streams are connected to.

    `default` is "journal" where the daemon itself logs to the journal, else "inherit".
    """

    def __init__(self, default: str, unit: str, files: Files) -> None:
        self.default = default
        self._unit = unit
        self._files = files

    def destinations(self, launch: Launch) -> tuple[str, str]:
        """Where stdout and stderr go: "journal", "inherit" or a path."""
        stdout = launch.stdout or self.default
        stderr = launch.stderr or self.default
        return stdout, stdout if stderr == "stdout" else stderr

    def open(self, launch: Launch, identifier: str, owner: tuple[int, int] | None) -> Stdio:
        """Open the streams of one process; `owner` (uid, gid) gets a file that is made. Raises `OSError`."""
        stdio = Stdio()
        try:
            stdio.fds.append(stdio.adopt(os.open(os.devnull, os.O_RDONLY)))
            stdout, stderr = self.destinations(launch)
            first = self._stream(stdio, stdout, 1, identifier, owner)
            shared = launch.stderr == "stdout" or (stderr == stdout and first > 2)
            second = first if shared else self._stream(stdio, stderr, 2, identifier, owner)
            stdio.fds += [first, second]
            if journal.is_stream(second, stdio.journal_stream) is False:
                stdio.journal_stream = None
        except BaseException:
            stdio.close()
            raise
        return stdio

    def _stream(
        self, stdio: Stdio, destination: str, own: int, identifier: str, owner: tuple[int, int] | None
    ) -> int:
        if destination == "inherit":
            return own
        if destination != "journal":
            return self._files.writer(destination, owner)
        try:
            fd = stdio.adopt(journal.open_stream(identifier, self._unit).detach())
        except journal.JournalUnreachable as error:
            log.warning(
                "%s: %s; its output goes where the daemon's goes until its next start",
                identifier,
                error.strerror,
            )
            return own
        stdio.journal_stream = journal.name_of(os.fstat(fd))
        return fd
