"""Time goes on in an arbiter whatever fails."""

import socket
from contextlib import ExitStack
from pathlib import Path

from supervisord_lite.pool.arbiter.arbiter import Arbiter
from supervisord_lite.pool.arbiter.log import Log
from supervisord_lite.systemd.notify import Notifier


class Silent(Notifier):
    """There is no service manager."""

    def __init__(self) -> None:
        pass


class Faulty(Arbiter):
    """An arbiter with a fault in what it does from time to time."""

    sweeps = 0

    def _end_waits(self, now: float) -> None:
        self.sweeps += 1
        if self.sweeps == 3:
            self.loop.stop()
        raise ZeroDivisionError


def test_a_fault_in_a_sweep_does_not_end_the_sweeps(directory: Path) -> None:
    """The next one comes, what else is due is done, and a bystander keeps its connection."""
    with ExitStack() as stack:
        public, backstage, peer = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(3))
        for sock, name in ((public, "public"), (backstage, "backstage")):
            sock.bind(str(directory / name))
            sock.listen()
        peer.connect(str(directory / "backstage"))
        lines = stack.enter_context(open(directory / "log", "w+b"))
        arbiter = Faulty("dirty", public, backstage, Log("dirty", lines.fileno()), Silent())
        arbiter.loop.run()
        assert arbiter.sweeps == 3
        assert len(arbiter.reception) == 1
        peer.close()
        arbiter.loop.at(arbiter.loop.now, arbiter.loop.stop)
        arbiter.loop.run()
        assert len(arbiter.reception) == 0
        arbiter.log.close()
        arbiter.loop.finish()
        assert b"ZeroDivisionError" in (directory / "log").read_bytes()
