"""Streams into the journal, against a socket that plays it."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from supervisord_lite.systemd import journal
from supervisord_lite.systemd.journal import JournalUnreachable


class Journald:
    """Listens as journald does; takes nothing until it is asked to."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(1)
        self._socket.settimeout(5.0)

    def take(self) -> str:
        """All that the next stream says, from its first byte to its last."""
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(5.0)
            data = b""
            while more := connection.recv(65536):
                data += more
        return data.decode()

    def stop(self) -> None:
        """Nobody listens any more; the socket's file is still there."""
        self._socket.close()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    """A journal that takes streams."""
    made = Journald(tmp_path / "stdout")
    yield made
    made.stop()


def test_a_stream_says_whose_it_is(journald: Journald) -> None:
    """The header names identifier and unit, the priority, and that prefixes count; the lines follow."""
    with journal.open_stream("worker:1", "app-supervisor.service", path=journald.path) as stream:
        assert stream.getblocking()
        stream.sendall(b"<3>out of paper\n")
    header = "worker:1\napp-supervisor.service\n6\n1\n0\n0\n0\n"
    assert journald.take() == f"{header}<3>out of paper\n"


def test_the_priority_may_be_another(journald: Journald) -> None:
    """Of lines without a prefix."""
    journal.open_stream("worker", "", 4, path=journald.path).close()
    assert journald.take() == "worker\n\n4\n1\n0\n0\n0\n"


def test_a_frozen_journal_is_not_waited_for(journald: Journald) -> None:
    """With a full backlog the error comes at once."""
    waiting: list[socket.socket] = []

    def open_for_ever() -> None:
        while True:
            waiting.append(journal.open_stream("worker", "", path=journald.path))

    try:
        with pytest.raises(JournalUnreachable, match=r"the journal takes no streams: ") as refusal:
            open_for_ever()
        assert refusal.value.errno == 11
        assert waiting
    finally:
        for stream in waiting:
            stream.close()


def test_a_stopped_journal_is_an_error(journald: Journald, tmp_path: Path) -> None:
    """Whether its socket is still there or not."""
    journald.stop()
    with pytest.raises(JournalUnreachable, match="Connection refused"):
        journal.open_stream("worker", "", path=journald.path)
    with pytest.raises(JournalUnreachable, match="No such file"):
        journal.open_stream("worker", "", path=str(tmp_path / "none"))


def test_a_failure_leaves_nothing_open(tmp_path: Path) -> None:
    """Trying again and again costs no descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with suppress(JournalUnreachable):
            journal.open_stream("worker", "", path=str(tmp_path / "none"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_descriptor_is_the_journal_where_the_variable_says_so() -> None:
    """JOURNAL_STREAM names a device and an inode, and only that file is meant."""
    reading, writing = os.pipe()
    name = journal.name_of(os.fstat(writing))
    assert journal.is_stream(writing, name)
    assert not journal.is_stream(writing, "")
    assert not journal.is_stream(writing, None)
    assert not journal.is_stream(writing, "1:2")
    assert not journal.is_stream(writing, "rubbish")
    os.close(reading)
    os.close(writing)
    assert not journal.is_stream(writing, name)


def test_the_unit_is_a_service_or_none() -> None:
    """Whatever runs the tests."""
    unit = journal.own_unit()
    assert unit is None or unit.endswith(".service")
