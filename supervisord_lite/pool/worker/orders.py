"""Reading what the daemon tells a worker in its environment."""

from collections.abc import MutableMapping
from typing import TypeVar

import msgspec

from supervisord_lite.wire.hook_orders import ArbiterFacts
from supervisord_lite.wire.worker_orders import ARBITER_FACTS, WORKER_ORDERS, WorkerOrders

T = TypeVar("T")


def take(environ: MutableMapping[str, str]) -> WorkerOrders:
    """Read the orders, and remove them from the environment. Raises `SystemExit` where there are none."""
    document = environ.pop(WORKER_ORDERS, None)
    facts = environ.pop(ARBITER_FACTS, None)
    if document is None:
        raise SystemExit(
            f"dirty: {WORKER_ORDERS} is not set: workers of a pool are started by the daemon only"
        )
    orders = _decoded(WORKER_ORDERS, document, WorkerOrders)
    if facts is None:
        return orders
    return msgspec.structs.replace(orders, arbiter=_decoded(ARBITER_FACTS, facts, ArbiterFacts))


def _decoded(variable: str, document: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise SystemExit(f"dirty: {variable} is not what this version understands: {error}") from None
