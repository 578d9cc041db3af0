"""Who is at the other end of a unix socket: SO_PEERCRED and SO_PEERGROUPS of unix(7)."""

import ctypes
import socket
import struct

from msgspec import Struct

_CREDENTIALS = struct.Struct("iII")
_SO_PEERGROUPS = 59
_MAX_GROUPS = 65536  # NGROUPS_MAX, limits.h

_libc = ctypes.CDLL(None)


class Peer(Struct, frozen=True):
    """The process that connected, as it was then."""

    pid: int
    uid: int
    gid: int


def credentials(sock: socket.socket) -> Peer:
    """The process at the other end."""
    packed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(packed))


def supplementary_groups(sock: socket.socket) -> list[int]:
    """Its further groups; not by `getsockopt` of the standard library, which takes no more than 256."""
    found = (ctypes.c_uint32 * _MAX_GROUPS)()
    size = ctypes.c_uint32(ctypes.sizeof(found))
    failed = _libc.getsockopt(
        sock.fileno(), socket.SOL_SOCKET, _SO_PEERGROUPS, ctypes.byref(found), ctypes.byref(size)
    )
    return [] if failed else list(found[: size.value // ctypes.sizeof(ctypes.c_uint32)])
