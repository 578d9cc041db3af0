"""gunicorn's hooks of dirty pools: functions of the operator's module, told of an arbiter and a worker.

`dirty_post_fork` and `dirty_worker_init` run in the worker; `on_dirty_starting` and `dirty_worker_exit` in a
process that lives for them alone, with `run_hook` as its target. A hook that fails harms nobody.
"""

import importlib
import logging
import os
import sys
import traceback
from typing import Any

import msgspec
from msgspec import Struct

VARIABLE = "SUPERVISOR_HOOK"

STARTING = "on_dirty_starting"
POST_FORK = "dirty_post_fork"
WORKER_INIT = "dirty_worker_init"
WORKER_EXIT = "dirty_worker_exit"


def _log() -> logging.Logger:
    """gunicorn's objects have a `log`, and hooks that were written for it use it."""
    log = logging.getLogger("dirty")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
    return log


class ArbiterView(Struct, frozen=True, dict=True):
    """The arbiter of a pool: the pool's name, its pid where it is known, workers wanted, apps of the pool."""

    name: str
    pid: int | None = None
    num_workers: int = 0
    apps: tuple[str, ...] = ()

    @property
    def log(self) -> logging.Logger:
        """A logger that writes to standard error."""
        return _log()


class WorkerView(Struct, frozen=True, dict=True):
    """A worker. `age` counts the workers of the pool; `exit` says how it ended, None while it lives."""

    name: str
    pid: int
    age: int
    app_paths: tuple[str, ...]
    exit: str | None = None

    @property
    def log(self) -> logging.Logger:
        """A logger that writes to standard error."""
        return _log()


class Order(Struct, frozen=True):
    """What the process of one hook is to do."""

    module: str
    hook: str
    arbiter: ArbiterView
    worker: WorkerView | None = None


def find(module: str, hook: str) -> Any:
    """The function, or None where the module has none of that name. Raises what the import raises."""
    return getattr(importlib.import_module(module), hook, None)


def run_hook() -> None:
    """Run the hook that the environment names. Exits with 1, after a traceback, where it fails."""
    order = msgspec.json.decode(os.environ.pop(VARIABLE), type=Order)
    try:
        function = find(order.module, order.hook)
        if function is not None:
            function(*([order.arbiter] if order.worker is None else [order.arbiter, order.worker]))
    except SystemExit as error:
        sys.exit(error.code)
    except BaseException:  # noqa: BLE001 - whatever a hook raises is the operator's to read
        traceback.print_exc()
        print(f"{order.arbiter.name}: hook {order.module}:{order.hook} failed", file=sys.stderr, flush=True)
        sys.exit(1)
