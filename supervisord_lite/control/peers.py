"""Who may command the daemon: SO_PEERCRED and SO_PEERGROUPS of unix(7)."""

import ctypes
import os
import pwd
import socket
import struct

_CREDENTIALS = struct.Struct("iII")
_SO_PEERGROUPS = 59
_MAX_OPTION = 1024  # the most that the interpreter asks the kernel for
_MAX_GROUPS = 65536  # NGROUPS_MAX, limits.h

_libc = ctypes.CDLL(None)


class Gate:
    """Admits root, the daemon's own user, and members of one group."""

    def __init__(self, group: int | None) -> None:
        self._group = group

    def refusal(self, peer: socket.socket) -> str | None:
        """Why this peer is not admitted; None: it is."""
        packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, gid = _CREDENTIALS.unpack(packed)
        if uid in (0, os.geteuid()):
            return None
        if self._group is not None and self._group in {gid, *_groups(peer, uid, gid)}:
            return None
        return f"user {uid} (process {pid}) may not command this daemon; see control_socket_group"


def _groups(peer: socket.socket) -> list[int]:
    """Supplementary groups; not by `getsockopt` of the standard library, which takes no more than 256."""
    found = (ctypes.c_uint32 * _MAX_GROUPS)()
    size = ctypes.c_uint32(ctypes.sizeof(found))
    failed = _libc.getsockopt(
        peer.fileno(), socket.SOL_SOCKET, _SO_PEERGROUPS, ctypes.byref(found), ctypes.byref(size)
    )
    return [] if failed else list(found[: size.value // ctypes.sizeof(ctypes.c_uint32)])
