"""What the daemon tells a worker when it starts it: two JSON documents in its environment.

`WORKER_ORDERS` follows from the pool's definition: where it changes, only a new worker will do. What
`ARBITER_FACTS` says (`wire.hook_orders.ArbiterFacts`) is true when the worker is launched; where it changes,
nothing is done.
"""

from msgspec import Struct

from .hook_orders import ArbiterFacts

WORKER_ORDERS = "SUPERVISOR_WORKER"
ARBITER_FACTS = "SUPERVISOR_ARBITER"


class WorkerOrders(Struct, frozen=True, kw_only=True):
    """Who this worker is. `apps` are import paths, `backstage` is where the pool's arbiter listens.

    `max_message` in bytes. `hooks` is the name of a module. `arbiter` comes in a document of its own, and
    is added by the worker that takes both.
    """

    pool: str
    name: str
    age: int
    apps: tuple[str, ...]
    threads: int
    backstage: str
    pickle: bool = False
    hooks: str | None = None
    max_message: int = 64 * 2**20
    arbiter: ArbiterFacts | None = None
