"""The daemon's side of a fork server, whose other side is played by the test."""

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from supervisord_lite.linux import descriptors
from supervisord_lite.wire.orders import FORK
from supervisord_lite.wire.reports import PreloadFailed, Prepared
from supervisord_lite.zygote import telling
from supervisord_lite.zygote.server import PATIENCE, WINDOW, ForkFailed, ForkServer, ForkServerLost
from tests.fakes.kernel import FakeKernel


class FarEnd:
    """A fork server that says what the test wants."""

    def __init__(self) -> None:
        self.near, self.sock = socket.socketpair()
        self.sock.setblocking(False)
        self.news: list[Prepared | PreloadFailed] = []
        self.lost = 0
        self.orders: list[tuple[int, bool]] = []
        self.given: list[int] = []

    def connect(self) -> ForkServer:
        """The daemon's connection to it."""
        return ForkServer(self.near, self.news.append, self._lose)

    def _lose(self) -> None:
        self.lost += 1

    def say(self, *reports: bytes) -> None:
        """To the daemon."""
        for report in reports:
            self.sock.sendall(report)

    def hear(self) -> None:
        """Take in what has been ordered by now."""
        try:
            data, fds = descriptors.receive(self.sock, 65536)
        except BlockingIOError:
            return
        self.given += fds
        self.orders += [FORK.unpack(data[at : at + FORK.size]) for at in range(0, len(data), FORK.size)]

    def close(self) -> None:
        """It ends."""
        self.sock.close()
        for fd in self.given:
            os.close(fd)
        self.given.clear()


@pytest.fixture
def far() -> Iterator[FarEnd]:
    """One that lives as long as the test."""
    made = FarEnd()
    yield made
    made.close()
    made.near.close()


async def ordered(far: FarEnd, count: int) -> None:
    """Until so many forks have been ordered."""
    while len(far.orders) < count:
        far.hear()
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await turn.wait()


def a_channel() -> socket.socket:
    """An end for a child, whose other end nobody needs here."""
    ours, theirs = socket.socketpair()
    ours.close()
    return theirs


async def test_a_fork_is_answered_by_its_number(far: FarEnd) -> None:
    """In whatever order the answers come; the channel went with the order and is not kept."""
    server = far.connect()
    channels = [a_channel() for _ in range(3)]
    forks = [asyncio.ensure_future(server.fork(channel)) for channel in channels]
    await ordered(far, 3)
    assert far.orders == [(1, False), (2, False), (3, False)]
    assert len(far.given) == 3
    far.say(telling.forked(3, 103), telling.forked(1, 101) + telling.forked(2, 102))
    assert await asyncio.gather(*forks) == [101, 102, 103]
    assert [channel.fileno() for channel in channels] == [-1] * 3
    server.lose()


async def test_a_group_goes_with_the_order(far: FarEnd, tmp_path: object) -> None:
    """As a second descriptor, which stays the caller's."""
    server = far.connect()
    directory = os.open(str(tmp_path), os.O_RDONLY)
    fork = asyncio.ensure_future(server.fork(a_channel(), directory))
    await ordered(far, 1)
    assert far.orders == [(1, True)]
    assert os.path.sameopenfile(far.given[1], directory)
    far.say(telling.forked(1, 101))
    assert await fork == 101
    os.close(directory)
    server.lose()


async def test_the_kernel_may_refuse(far: FarEnd) -> None:
    """With its reason."""
    server = far.connect()
    fork = asyncio.ensure_future(server.fork(a_channel()))
    await ordered(far, 1)
    far.say(telling.fork_refused(1, 11))
    with pytest.raises(ForkFailed) as refusal:
        await fork
    assert refusal.value.errno == 11
    server.lose()


async def test_no_more_is_ordered_than_the_window_holds(far: FarEnd) -> None:
    """The next order waits for an answer."""
    server = far.connect()
    forks = [asyncio.ensure_future(server.fork(a_channel())) for _ in range(WINDOW + 2)]
    await ordered(far, WINDOW)
    far.hear()
    assert len(far.orders) == WINDOW
    far.say(telling.forked(1, 101), telling.forked(2, 102))
    await ordered(far, WINDOW + 2)
    far.say(*(telling.forked(number, 100 + number) for number in range(3, WINDOW + 3)))
    assert len(await asyncio.gather(*forks)) == WINDOW + 2
    server.lose()


async def test_an_end_fails_every_open_order(far: FarEnd) -> None:
    """And those that come later; it is told once."""
    server = far.connect()
    forks = [asyncio.ensure_future(server.fork(a_channel())) for _ in range(3)]
    await ordered(far, 3)
    far.close()
    outcomes = await asyncio.gather(*forks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ForkServerLost] * 3
    late = a_channel()
    with pytest.raises(ForkServerLost, match=r"^is gone$"):
        await server.fork(late)
    assert late.fileno() == -1
    server.lose()
    assert (far.lost, server.is_lost) == (1, True)


async def test_one_that_hangs_is_given_up(kernel: FakeKernel, far: FarEnd) -> None:
    """After its patience, and with it every other order."""
    server = far.connect()
    forks = [asyncio.ensure_future(server.fork(a_channel())) for _ in range(2)]
    outcomes = await asyncio.gather(*forks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ForkServerLost] * 2
    assert kernel.clock == 1000.0 + PATIENCE
    assert far.lost == 1


async def test_an_order_that_was_given_up_is_no_news(far: FarEnd) -> None:
    """Its late answer changes nothing, and leaves the window to others."""
    server = far.connect()
    for number in range(1, WINDOW + 3):
        fork = asyncio.ensure_future(server.fork(a_channel()))
        await ordered(far, number)
        fork.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fork
        far.say(telling.forked(number, 100 + number))
    last = asyncio.ensure_future(server.fork(a_channel()))
    await ordered(far, WINDOW + 3)
    far.say(telling.forked(WINDOW + 3, 7))
    assert await last == 7
    server.lose()


@pytest.mark.parametrize("garbage", [b"what?\n", b'{"type":"evil"}\n', b"\xff\n", b"x" * (2**20 + 1)])
async def test_garbage_is_an_end(far: FarEnd, garbage: bytes) -> None:
    """What does not speak the protocol is of no use."""
    server = far.connect()
    fork = asyncio.ensure_future(server.fork(a_channel()))
    await ordered(far, 1)
    await asyncio.get_running_loop().sock_sendall(far.sock, garbage)
    with pytest.raises(ForkServerLost):
        await fork
    assert far.lost == 1


async def test_news_of_the_preload_are_handed_on(far: FarEnd) -> None:
    """What was imported, or why not."""
    server = far.connect()
    far.say(telling.prepared(0.5, ["a thread"]), telling.preload_failed("no"))
    fork = asyncio.ensure_future(server.fork(a_channel()))
    await ordered(far, 1)
    far.say(telling.forked(1, 101))
    await fork
    assert far.news == [Prepared(seconds=0.5, warnings=("a thread",)), PreloadFailed("no")]
    server.lose()
