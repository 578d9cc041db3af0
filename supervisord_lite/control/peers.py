"""Who may command the daemon."""

import os
import socket

from supervisord_lite.linux.peer import credentials, supplementary_groups


class Gate:
    """Admits root, the daemon's own user, and members of one group."""

    def __init__(self, group: int | None) -> None:
        self._group = group

    def refusal(self, sock: socket.socket) -> str | None:
        """Why the peer of this connection is not admitted; None: it is."""
        peer = credentials(sock)
        if peer.uid in (0, os.geteuid()):
            return None
        if self._group is not None and self._group in {peer.gid, *supplementary_groups(sock)}:
            return None
        return f"user {peer.uid} (process {peer.pid}) may not command this daemon; see control_socket_group"
