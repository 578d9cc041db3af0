"""Notification both ways: what programs say, and what systemd is told."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.systemd.notify import Notice, Notifier, parse, take_watchdog

PID = str(os.getpid())


@pytest.mark.parametrize(
    ("datagram", "notice"),
    [
        (b"", Notice()),
        (b"READY=1", Notice(ready=True)),
        (b"READY=1\n", Notice(ready=True)),
        (b"READY=0", Notice()),
        (b"STOPPING=1", Notice(stopping=True)),
        (b"STATUS=3 of 4 done", Notice(status="3 of 4 done")),
        (b"STATUS=", Notice(status="")),
        (b"STATUS=a=b", Notice(status="a=b")),
        (b"STATUS=one\x0btwo\x85three", Notice(status="one\x0btwo\ufffdthree")),
        ("STATUS=one\u2028READY=1".encode(), Notice(status="one\u2028READY=1")),
        (b"WATCHDOG=1", Notice(alive=True)),
        (b"WATCHDOG=trigger", Notice(trip=True)),
        (b"EXTEND_TIMEOUT_USEC=1500000", Notice(extend=1.5)),
        (b"EXTEND_TIMEOUT_USEC=soon", Notice()),
        (b"EXTEND_TIMEOUT_USEC=-1", Notice()),
        (b"EXTEND_TIMEOUT_USEC=", Notice()),
        ("EXTEND_TIMEOUT_USEC=²".encode(), Notice()),
        (b"EXTEND_TIMEOUT_USEC=" + b"9" * 30, Notice()),
        (b"READY=1\nSTATUS=up\nMAINPID=7\nX_OTHER=y", Notice(ready=True, status="up")),
        (b"\xff\xfe=1\nREADY=1", Notice(ready=True)),
        (b"STATUS=\xff", Notice(status="\ufffd")),
        (b"READY", Notice()),
        (b"=1\n\n\nREADY=1", Notice(ready=True)),
    ],
)
def test_a_datagram_is_understood(datagram: bytes, notice: Notice) -> None:
    """What is known counts, what is not is passed over, and nothing is an error."""
    assert parse(datagram) == notice


@given(st.binary())
def test_any_datagram_is_a_notice(datagram: bytes) -> None:
    """Programs may send what they like."""
    assert isinstance(parse(datagram), Notice)


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": PID}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_taken(environ: dict[str, str], seconds: float | None) -> None:
    """Where it is meant for this process; its variables leave the environment in any case."""
    given = {**environ, "HOME": "/"}
    assert take_watchdog(given) == seconds
    assert given == {"HOME": "/"}


class Manager:
    """systemd's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        """Every datagram so far."""
        found: list[str] = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A manager that listens where the environment says."""
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    made = Manager(path)
    yield made
    made.socket.close()


@pytest.fixture
def notifier(manager: Manager) -> Iterator[Notifier]:
    """The daemon's end."""
    made = Notifier(None)
    yield made
    made._notifier.socket.close()


def test_systemd_is_told(manager: Manager, notifier: Notifier) -> None:
    """One datagram each, in the words of sd_notify(3)."""
    assert notifier.is_listened_to
    notifier.status("2 of 2 programs running")
    notifier.ready()
    notifier.alive()
    notifier.extend(1.5)
    notifier.stopping()
    assert manager.heard() == [
        "STATUS=2 of 2 programs running",
        "READY=1",
        "WATCHDOG=1",
        "EXTEND_TIMEOUT_USEC=1500000",
        "STOPPING=1",
    ]


def test_a_status_is_told_once(manager: Manager, notifier: Notifier) -> None:
    """Only what has changed is news."""
    for sentence in ("a", "a", "b", "b", "a"):
        notifier.status(sentence)
    assert manager.heard() == ["STATUS=a", "STATUS=b", "STATUS=a"]


def test_a_reload_carries_its_time(manager: Manager, notifier: Notifier) -> None:
    """In microseconds of the monotonic clock."""
    notifier.reloading()
    first, second = manager.heard()[0].split("\n")
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0


def test_a_manager_that_does_not_read_holds_nobody_up(manager: Manager, notifier: Notifier) -> None:
    """What it does not take is lost."""
    for _ in range(5000):
        notifier.alive()
    assert 0 < len(manager.heard()) < 5000


# sdnotify leaves its socket to the garbage collector where there is nobody to connect to.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_where_nobody_listens_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of systemd telling is no error."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier(None)
    assert not notifier.is_listened_to
    notifier.ready()
