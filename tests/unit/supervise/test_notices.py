"""The NOTIFY_SOCKET of one process."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from supervisord_lite.supervise.notices import NoticeSocket
from supervisord_lite.systemd.notify import Notice


def say(path: Path, *datagrams: bytes) -> None:
    """As a program does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        for datagram in datagrams:
            sock.sendto(datagram, str(path))


async def test_notices_are_heard_in_order(tmp_path: Path) -> None:
    """What came before anybody listened too."""
    heard: list[Notice] = []
    done = asyncio.Event()
    notices = NoticeSocket(tmp_path / "worker", None, lambda n: (heard.append(n), n.stopping and done.set()))
    say(notices.path, b"STATUS=a")
    notices.listen()
    say(notices.path, b"READY=1", b"STOPPING=1")
    await done.wait()
    assert heard == [Notice(status="a"), Notice(ready=True), Notice(stopping=True)]
    notices.close()
    assert not notices.path.exists()


async def test_only_its_user_may_speak(tmp_path: Path) -> None:
    """The socket is nobody else's."""
    notices = NoticeSocket(tmp_path / "worker", None, lambda _: None)
    assert stat.S_IMODE(os.stat(notices.path).st_mode) == 0o600
    notices.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
async def test_another_user_gets_it(tmp_path: Path) -> None:
    """A program that runs as somebody else can write to it."""
    notices = NoticeSocket(tmp_path / "worker", 65534, lambda _: None)
    assert os.stat(notices.path).st_uid == 65534
    notices.close()


async def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    """A killed daemon does not keep its successor from notices."""
    (tmp_path / "worker").touch()
    NoticeSocket(tmp_path / "worker", None, lambda _: None).close()


async def test_nowhere_to_bind_is_an_error(tmp_path: Path) -> None:
    """And nothing stays open."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        NoticeSocket(tmp_path / "none" / "worker", None, lambda _: None)
    assert len(os.listdir("/proc/self/fd")) == before
