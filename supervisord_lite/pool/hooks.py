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

from supervisord_lite.wire.hook_orders import HOOK_ORDER, ArbiterFacts, HookOrder, WorkerFacts


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


class ArbiterView(ArbiterFacts, frozen=True, dict=True):
    """The arbiter of a pool, as a hook is given it."""

    @classmethod
    def of(cls, facts: ArbiterFacts) -> "ArbiterView":
        """With everything that is known."""
        return cls(**msgspec.structs.asdict(facts))

    @property
    def log(self) -> logging.Logger:
        """A logger that writes to standard error."""
        return _log()


class WorkerView(WorkerFacts, frozen=True, dict=True):
    """A worker, as a hook is given it."""

    @classmethod
    def of(cls, facts: WorkerFacts) -> "WorkerView":
        """With everything that is known."""
        return cls(**msgspec.structs.asdict(facts))

    @property
    def log(self) -> logging.Logger:
        """A logger that writes to standard error."""
        return _log()


def find(module: str, hook: str) -> Any:
    """The function, or None where the module has none of that name. Raises what the import raises."""
    return getattr(importlib.import_module(module), hook, None)


def run_hook() -> None:
    """Run the hook that the environment names. Exits with 1, after a traceback, where it fails."""
    order = msgspec.json.decode(os.environ.pop(HOOK_ORDER), type=HookOrder)
    views: list[Any] = [ArbiterView.of(order.arbiter)]
    if order.worker is not None:
        views.append(WorkerView.of(order.worker))
    try:
        function = find(order.module, order.hook)
        if function is not None:
            function(*views)
    except SystemExit as error:
        sys.exit(error.code)
    except BaseException:  # noqa: BLE001 - whatever a hook raises is the operator's to read
        traceback.print_exc()
        print(f"{order.arbiter.name}: hook {order.module}:{order.hook} failed", file=sys.stderr, flush=True)
        sys.exit(1)
