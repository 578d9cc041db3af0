"""What a worker is told in its environment."""

import pytest

from supervisord_lite.pool.worker import orders
from supervisord_lite.pool.worker.route import Delay
from supervisord_lite.wire.hook_orders import ArbiterFacts
from supervisord_lite.wire.worker_orders import ARBITER_FACTS, WORKER_ORDERS

DOCUMENT = (
    '{"pool":"dirty","name":"dirty:2","age":2,"apps":["m:A"],"threads":3,"backstage":"/run/b","pickle":false,'
    '"hooks":null,"max_message":1000}'
)
FACTS = '{"name":"dirty","pid":7,"num_workers":3,"apps":["m:A","m:B"]}'


def test_orders_are_taken_out_of_the_environment() -> None:
    """What the worker starts does not take them for its own."""
    environ = {WORKER_ORDERS: DOCUMENT, ARBITER_FACTS: FACTS, "HOME": "/"}
    taken = orders.take(environ)
    assert (taken.name, taken.apps, taken.threads, taken.hooks) == ("dirty:2", ("m:A",), 3, None)
    assert taken.arbiter == ArbiterFacts("dirty", 7, 3, ("m:A", "m:B"))
    assert environ == {"HOME": "/"}


def test_a_worker_may_know_nothing_of_its_arbiter() -> None:
    """Then its hooks are told the name of the pool."""
    assert orders.take({WORKER_ORDERS: DOCUMENT}).arbiter is None


@pytest.mark.parametrize("environ", [{}, {WORKER_ORDERS: "{}"}, {WORKER_ORDERS: "x"}])
def test_worker_without_orders_says_so(environ: dict[str, str]) -> None:
    """In a sentence, and ends."""
    with pytest.raises(SystemExit, match=WORKER_ORDERS):
        orders.take(environ)


def test_connections_that_do_not_hold_are_tried_ever_more_slowly() -> None:
    """The first time at once."""
    delay = Delay()
    now = 1e12  # in the future: it has not held
    waits = [delay.after(now) for _ in range(9)]
    assert waits[:3] == [0.0, 0.01, 0.02]
    assert waits[-1] == Delay.LONGEST
    assert delay.after(0.0) == 0.0
    assert delay.next() == Delay.FIRST
