"""The daemon's connection to an arbiter that may be slow, gone, or mad."""

import asyncio
import socket
from pathlib import Path

import pytest

from supervisord_lite.supervise.pools.channel import MAX_UNSENT, ArbiterChannel
from supervisord_lite.wire.backstage import Ask, FromArbiter, Gone, Roster, RosterEntry, Serving, ToArbiter
from tests.fakes.arbiter import FakeArbiter

ROSTER = Roster(tuple(RosterEntry(f"dirty:{n}", n, ("shop:Echo",) * 100, "RUNNING") for n in range(100)))


class Line:
    """A channel, and the end that the test speaks for."""

    def __init__(self, directory: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / "sock"))
        self.listener.listen()
        self.heard: list[FromArbiter] = []
        self.came = asyncio.Event()
        self.channel = ArbiterChannel("dirty", str(directory / "sock"), self._greet, self._hear)
        self.arbiter = FakeArbiter(self.listener)

    def _greet(self) -> list[ToArbiter]:
        return [Ask(1)]

    def _hear(self, word: FromArbiter) -> None:
        self.heard.append(word)
        self.came.set()

    def close(self) -> None:
        """Everything."""
        self.channel.close()
        self.arbiter.end()
        self.listener.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """For the socket."""
    return tmp_path


async def test_what_is_said_before_anybody_listens_is_heard(directory: Path) -> None:
    """The connection waits in the backlog, with the hello first."""
    line = Line(directory)
    line.channel.open()
    line.channel.send(Ask(2))
    assert line.arbiter.accept().role == "daemon"
    assert line.arbiter.heard() == [Ask(1), Ask(2)]
    line.arbiter.say(Serving())
    await line.came.wait()
    assert line.heard == [Serving()]
    line.close()


async def test_one_that_does_not_read_is_told_the_latest_roster(directory: Path) -> None:
    """Those before it are of no use any more; everything else is."""
    line = Line(directory)
    line.channel.open()
    line.arbiter.accept()
    for _ in range(200):
        line.channel.send(ROSTER)
    line.channel.send(Gone("dirty:1", 1, "was killed by SIGKILL"))
    heard: list[ToArbiter] = []
    while not any(isinstance(word, Gone) for word in heard):
        heard += line.arbiter.heard()
        await asyncio.sleep(0)
    assert len(heard) < 100
    line.close()


async def test_one_that_never_reads_loses_its_connection(directory: Path) -> None:
    """What is kept for it is bounded."""
    line = Line(directory)
    line.channel.open()
    line.arbiter.accept()
    for number in range(MAX_UNSENT * 10):
        line.channel.send(Gone(f"dirty:{number}" * 50, 1, "was killed by SIGKILL"))
    line.arbiter.end()
    assert line.channel._sock is None
    line.close()


@pytest.mark.parametrize(
    "nonsense", [b"HTTP/1.1 400 Bad Request\r\n", b"GD\x02\x21\x00\x00\x00\x01" + bytes(8) + b"\xc1"]
)
async def test_nonsense_ends_the_connection(directory: Path, nonsense: bytes) -> None:
    """The next one begins anew."""
    line = Line(directory)
    line.channel.open()
    line.arbiter.accept()
    line.arbiter.write(nonsense)
    while line.channel._sock is not None:
        await asyncio.sleep(0)
    line.arbiter.end()
    while line.channel._sock is None:
        await asyncio.sleep(0.01)
    assert line.arbiter.accept().role == "daemon"
    line.close()


async def test_without_a_socket_it_waits(directory: Path) -> None:
    """And says nothing to nobody."""
    channel = ArbiterChannel("dirty", str(directory / "nowhere"), list, lambda _: None)
    channel.open()
    channel.send(Ask(1))
    channel.close()
