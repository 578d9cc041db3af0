"""The end of a log file, and what is appended to it, across rotation."""

import os

BLOCK = 1 << 16


class FileTail:
    """One file, read from `lines` before its end. `read_new` never blocks: ask it again and again."""

    def __init__(self, path: str, lines: int) -> None:
        """Open `path`. Raises OSError."""
        self.path = path
        self._file = open(path, "rb")  # noqa: SIM115 - close() ends it
        self._file.seek(start_of_last(self._file.fileno(), lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read_new(self) -> bytes:
        """What was written since the last call: the rest of a rotated file, then the whole new one."""
        data = self._file.read()
        try:
            now = os.stat(self.path)
        except FileNotFoundError:
            return data  # between the rename and the reopening
        here = os.fstat(self._file.fileno())
        if (now.st_dev, now.st_ino) != (here.st_dev, here.st_ino):
            fresh = open(self.path, "rb")  # noqa: SIM115 - replaces the one kept open
            data += self._file.read()
            self._file.close()
            self._file = fresh
            data += self._file.read()
        elif now.st_size < self._file.tell():  # truncated in place (logrotate's copytruncate)
            self._file.seek(0)
            data += self._file.read()
        return data


def start_of_last(fd: int, lines: int) -> int:
    """The offset in bytes at which the last `lines` lines of the file begin."""
    end = os.fstat(fd).st_size
    if lines <= 0:
        return end
    missing, at = lines, end
    while at > 0:
        size = min(BLOCK, at)
        at -= size
        block = os.pread(fd, size, at)
        stop = len(block)
        if at + size == end and block.endswith(b"\n"):
            stop -= 1  # the last line's own end
        while (stop := block.rfind(b"\n", 0, stop)) >= 0:
            missing -= 1
            if missing == 0:
                return at + stop + 1
    return 0
