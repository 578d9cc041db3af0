"""Reading a file that somebody else may have put there: never waiting, never without end."""

import errno
import os
import stat

MAX_SIZE = 4 * 2**20
"""Bytes; more than any configuration or environment file has reason to be."""


def read_regular(path: str) -> bytes:
    """The contents of a regular file. Raises OSError, also for a pipe, a device, or what is too large."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            code = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
            raise OSError(code, "Is a directory" if code == errno.EISDIR else "is not a regular file", path)
        if found.st_size > MAX_SIZE:
            raise OSError(errno.EFBIG, f"is larger than {MAX_SIZE // 2**20} MiB", path)
        data = b""
        while more := os.read(fd, MAX_SIZE):
            data += more
        return data
    finally:
        os.close(fd)
