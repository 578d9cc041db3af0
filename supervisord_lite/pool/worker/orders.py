"""What the daemon tells a worker when it starts it: one JSON document in its environment."""

from collections.abc import MutableMapping

import msgspec
from msgspec import Struct

VARIABLE = "SUPERVISOR_WORKER"


class Surroundings(Struct, frozen=True):
    """The pool's arbiter, as hooks are told of it."""

    pid: int | None = None
    num_workers: int = 0
    apps: tuple[str, ...] = ()


class WorkerOrders(Struct, frozen=True):
    """Who this worker is. `apps` are import paths, `backstage` is where the pool's arbiter listens.

    `graceful_timeout` in seconds, `max_message` in bytes. `hooks` is the name of a module.
    """

    pool: str
    name: str
    age: int
    apps: tuple[str, ...]
    threads: int
    backstage: str
    pickle: bool = False
    hooks: str | None = None
    graceful_timeout: float = 30.0
    max_message: int = 64 * 2**20
    arbiter: Surroundings = Surroundings()


def take(environ: MutableMapping[str, str]) -> WorkerOrders:
    """Read the orders, and remove them from the environment. Raises `SystemExit` where there are none."""
    document = environ.pop(VARIABLE, None)
    if document is None:
        raise SystemExit(f"dirty: {VARIABLE} is not set: workers of a pool are started by the daemon only")
    try:
        return msgspec.json.decode(document, type=WorkerOrders)
    except msgspec.DecodeError as error:
        raise SystemExit(f"dirty: {VARIABLE} is not what this version understands: {error}") from None
