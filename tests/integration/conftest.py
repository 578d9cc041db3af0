"""What the integration tests share: daemons that are really started, and that leave nothing behind."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon
from tests.integration.orders import Orders
from tests.integration.process import adopt_orphans


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name, as sockets need, that every user may enter."""
    directory = Path(tempfile.mkdtemp(prefix="sl-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def new_daemon(directory: Path) -> Iterator[Callable[[], Daemon]]:
    """Makes daemons, each in a directory of its own; after the test they stop, and nothing may be left."""
    adopt_orphans()
    daemons: list[Daemon] = []

    def make() -> Daemon:
        own = directory / str(len(daemons))
        own.mkdir()
        daemons.append(Daemon(own))
        return daemons[-1]

    yield make
    with ExitStack() as stack:  # each is stopped, whatever becomes of the others
        for daemon in daemons:
            stack.callback(daemon.stop)
    for daemon in daemons:
        assert not daemon.process or not daemon.socket.exists() or daemon.process.returncode == -9


@pytest.fixture
def daemon(new_daemon: Callable[[], Daemon]) -> Daemon:
    """A daemon that is not started yet."""
    return new_daemon()


@pytest.fixture
def orders(directory: Path, daemon: Daemon) -> Iterator[Orders]:
    """Where programs that obey the test report; `daemon` passes the way to it on to them."""
    orders = Orders(directory / "orders")
    daemon.env["ORDERS"] = str(orders.path)
    yield orders
    orders.close()
