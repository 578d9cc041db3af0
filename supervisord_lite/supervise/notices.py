"""The NOTIFY_SOCKET of a program with `notify = true`: one of its own, so nobody speaks for another."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from supervisord_lite.systemd.notify import Notice, parse

MAX_DATAGRAM = 16384
AT_A_TIME = 64


class NoticeSocket:
    """A datagram socket bound for one process of one program; closing it removes it."""

    def __init__(self, path: Path, uid: int | None, on_notice: Callable[[Notice], None]) -> None:
        """Raises `OSError`. `uid` is who may write to it besides root, where that is not this process."""
        self.path = path
        self._on_notice = on_notice
        path.unlink(missing_ok=True)
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._sock.bind(str(path))
            os.chmod(path, 0o600)
            if uid is not None and uid != os.geteuid():
                os.chown(path, uid, -1)
        except OSError:
            self._sock.close()
            raise

    def listen(self) -> None:
        """Read from now on: what came before waits in the socket."""
        asyncio.get_running_loop().add_reader(self._sock, self.drain)

    def drain(self) -> None:
        """Take what has been said, of a flood only a part: others want to be served in between."""
        for _ in range(AT_A_TIME):
            try:
                datagram = self._sock.recv(MAX_DATAGRAM)
            except OSError:
                return
            self._on_notice(parse(datagram))

    def close(self) -> None:
        """Stop listening and remove the socket."""
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()
        with contextlib.suppress(OSError):  # its directory may have become read-only
            self.path.unlink()
