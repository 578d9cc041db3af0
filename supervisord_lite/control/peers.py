"""Who may command the daemon: SO_PEERCRED and SO_PEERGROUPS of unix(7)."""

import array
import os
import socket
import struct

_CREDENTIALS = struct.Struct("iII")
_SO_PEERGROUPS = 59


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
        if self._group is not None and self._group in {gid, *_groups(peer)}:
            return None
        return f"user {uid} (process {pid}) may not command this daemon; see control_socket_group"


def _groups(peer: socket.socket) -> list[int]:
    try:
        packed = peer.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 65536 * 4)
    except OSError:
        return []
    return list(array.array("I", packed))
