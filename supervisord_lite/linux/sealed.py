"""Memory that is handed over: memfd_create(2), and fcntl(2) on seals.

Once sealed, neither its size nor what is in it can change, so the receiver may map it and believe it.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import weakref
from collections.abc import Sequence

from supervisord_lite.wire.errors import WireError

_MFD_NOEXEC_SEAL = 0x0008
"""Not executable, ever; from Linux 6.3 on, where a sysctl may ask for it."""

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_MAX_PARTS = 1024
"""IOV_MAX: as many parts are written at once."""

_MAP_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class NotSealed(WireError):
    """The descriptor that came is not of sealed memory."""


def write(parts: Sequence[bytes | memoryview]) -> int:
    """A new sealed memfd with these bytes, one part behind the other. Raises `OSError`."""
    fd = _create()
    try:
        _write_all(fd, parts)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _create() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("body", flags | _MFD_NOEXEC_SEAL)
    except OSError:
        return os.memfd_create("body", flags)


def _write_all(fd: int, parts: Sequence[bytes | memoryview]) -> None:
    """writev(2) takes no more than 2 GiB at once."""
    rest = [part if isinstance(part, bytes) else part.cast("B") for part in parts]
    while rest:
        written = os.writev(fd, rest[:_MAX_PARTS])
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if written:
            rest[0] = memoryview(rest[0])[written:]


def read(fd: int, limit: int) -> memoryview:
    """What is in a sealed memfd of up to `limit` bytes, as private memory: writing to it copies a page.

    Closes the descriptor in any case. Raises `NotSealed`, `WireError` where it is too long, and `OSError`.
    """
    try:
        try:
            seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EBADF):  # EBADF: opened with O_PATH
                raise
            raise NotSealed(
                "the descriptor that came with a message is not a memfd: send a sealed one"
            ) from None
        if seals & _SEALS != _SEALS:
            raise NotSealed(
                "the memfd that came with a message is not sealed: add all seals before sending it"
            )
        size = os.fstat(fd).st_size
        if size > limit:
            raise WireError(f"a body of {size} bytes is over the limit of {limit}")
        return _mapped(fd, size) if size else memoryview(b"")
    finally:
        os.close(fd)


def _mapped(fd: int, size: int) -> memoryview:
    """Its memory. Not by way of `mmap.mmap`, which keeps a descriptor for as long as the memory is used."""
    address = _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE, fd, 0)
    if address == _MAP_FAILED:
        number = ctypes.get_errno()
        if number == errno.EACCES:
            raise NotSealed("the memfd that came with a message is not open for reading")
        raise OSError(number, os.strerror(number))
    memory = _room(size).from_address(address)
    weakref.finalize(memory, _libc.munmap, address, size).atexit = False
    return memoryview(memory).cast("B")[:size]


def _room(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    """An array type of at least this size; a power of two, because ctypes makes a type for each length."""
    return ctypes.c_char * (1 << size.bit_length())
