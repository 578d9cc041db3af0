"""A daemon with a pool, for the tests of this directory."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.daemon import Daemon
from tests.integration.dirty.pool import Pool, configuration
from tests.integration.orders import Orders

Start = Callable[..., Pool]


@pytest.fixture
def start(daemon: Daemon, orders: Orders) -> Iterator[Start]:
    """Starts the daemon with the pool "dirty", given further keys of it; waits until it is ready."""
    pools: list[Pool] = []

    def begin(keys: str = "", **parts: object) -> Pool:
        daemon.start(configuration(keys, **parts))  # type: ignore[arg-type]
        pools.append(Pool(daemon))
        return pools[-1]

    yield begin
    orders.close()  # whatever still waits for an order ends
    for pool in pools:
        pool.close()
