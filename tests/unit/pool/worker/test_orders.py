"""What a worker is told in its environment."""

import pytest

from supervisord_lite.pool.worker import orders
from supervisord_lite.pool.worker.route import Delay

DOCUMENT = (
    '{"pool":"dirty","name":"dirty:2","age":2,"apps":["m:A"],"threads":3,"backstage":"/run/b","pickle":false,'
    '"hooks":null,"graceful_timeout":5.5,"max_message":1000}'
)


def test_orders_are_taken_out_of_the_environment() -> None:
    """What the worker starts does not take them for its own."""
    environ = {orders.VARIABLE: DOCUMENT, "HOME": "/"}
    taken = orders.take(environ)
    assert (taken.name, taken.apps, taken.threads, taken.hooks) == ("dirty:2", ("m:A",), 3, None)
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize("environ", [{}, {orders.VARIABLE: "{}"}, {orders.VARIABLE: "x"}])
def test_worker_without_orders_says_so(environ: dict[str, str]) -> None:
    """In a sentence, and ends."""
    with pytest.raises(SystemExit, match=orders.VARIABLE):
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
