"""What the daemon tells hooks of a pool: their names, what each is told of, and the order for one process.

`dirty_post_fork` and `dirty_worker_init` run in a worker; the others in a process that lives for one of them
alone and finds its `HookOrder`, a JSON document, in the variable `HOOK_ORDER`.
"""

from enum import StrEnum

from msgspec import Struct

HOOK_ORDER = "SUPERVISOR_HOOK"


class Hook(StrEnum):
    """gunicorn's names of the functions that a pool's module may have."""

    STARTING = "on_dirty_starting"
    POST_FORK = "dirty_post_fork"
    WORKER_INIT = "dirty_worker_init"
    WORKER_EXIT = "dirty_worker_exit"


class ArbiterFacts(Struct, frozen=True):
    """The arbiter of a pool: the pool's name, its pid where it is known, workers wanted, apps of the pool."""

    name: str
    pid: int | None = None
    num_workers: int = 0
    apps: tuple[str, ...] = ()


class WorkerFacts(Struct, frozen=True):
    """A worker. `age` counts the workers of the pool; `exit` says how it ended, None while it lives."""

    name: str
    pid: int
    age: int
    app_paths: tuple[str, ...]
    exit: str | None = None


class HookOrder(Struct, frozen=True):
    """What the process of one hook is to do. `module` is the operator's."""

    module: str
    hook: Hook
    arbiter: ArbiterFacts
    worker: WorkerFacts | None = None
