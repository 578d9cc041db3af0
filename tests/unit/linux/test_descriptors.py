"""Descriptors handed over unix sockets."""

import os
import resource
import socket
from collections.abc import Iterator

import pytest

from supervisord_lite.linux import descriptors
from supervisord_lite.linux.descriptors import MAX_FDS, DescriptorsLost
from tests.fakes.forked import in_a_fork

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two ends of a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def null() -> Iterator[int]:
    """Something to hand over."""
    fd = os.open(os.devnull, os.O_RDWR)
    yield fd
    os.close(fd)


def close(fds: list[int]) -> None:
    """Close what has been received."""
    for fd in fds:
        os.close(fd)


@pytest.mark.parametrize("count", [0, 1, 3, MAX_FDS])
def test_descriptors_arrive_with_their_bytes(pair: Pair, null: int, count: int) -> None:
    """As many as were sent, each another one, open on the same file and not inherited."""
    descriptors.send(pair[0], b"data", [null] * count)
    data, fds = descriptors.receive(pair[1], 100)
    try:
        assert data == b"data"
        assert len(set(fds)) == count
        assert all(os.path.sameopenfile(fd, null) for fd in fds)
        assert not any(os.get_inheritable(fd) for fd in fds)
    finally:
        close(fds)


def test_bytes_before_them_come_alone_or_with_them(pair: Pair, null: int) -> None:
    """The kernel may join messages, and no descriptor is lost or comes before its bytes."""
    descriptors.send(pair[0], b"a", [])
    descriptors.send(pair[0], b"b", [null])
    seen, fds = b"", []
    while seen != b"ab":
        data, fresh = descriptors.receive(pair[1], 100)
        seen += data
        fds += fresh
    assert len(fds) == 1
    close(fds)


def test_the_end_is_no_bytes_and_no_descriptors(pair: Pair) -> None:
    """A peer that hung up is seen."""
    pair[0].close()
    assert descriptors.receive(pair[1], 100) == (b"", [])


def test_a_full_socket_does_not_block(pair: Pair, null: int) -> None:
    """Whoever does not read does not hold the sender up."""
    pair[0].setblocking(False)

    def send_for_ever() -> None:
        while True:
            descriptors.send(pair[0], b"x" * 65536, [null])

    with pytest.raises(BlockingIOError):
        send_for_ever()


@pytest.mark.parametrize("free", [0, 1])
def test_a_full_table_loses_them_and_says_so(free: int) -> None:
    """Bytes without their descriptors are an error, and none of them is kept."""

    def scenario() -> str:
        ours, theirs = socket.socketpair()
        null = os.open(os.devnull, os.O_RDWR)
        descriptors.send(ours, b"data", [null] * 2)
        highest = max(map(int, os.listdir("/proc/self/fd")))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, highest + 1))
        taken = []
        try:
            while True:
                taken.append(os.dup(null))
        except OSError:
            close(taken[len(taken) - free :])
        before = os.listdir("/proc/self/fd") if free else None
        try:
            descriptors.receive(theirs, 100)
        except DescriptorsLost as error:
            if before is not None and os.listdir("/proc/self/fd") != before:
                return "some were kept"
            return f"{error.errno}: {error.strerror}"
        return "nothing was raised"

    assert in_a_fork(scenario) == "24: descriptors were lost on the way: too many open files"
