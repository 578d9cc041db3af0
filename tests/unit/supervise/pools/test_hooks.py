"""The hooks that run in processes of their own: their order, and what becomes of too many."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.pools.hooks import MAX_WAITING, Hooks
from supervisord_lite.wire.hook_orders import ArbiterFacts, Hook
from supervisord_lite.zygote.server import ForkServer
from tests.fakes.definitions import a_pool

from .kept import NoChildren

ARBITER = ArbiterFacts("dirty")


class Slow(Hooks):
    """Each hook takes until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__(NoChildren(), Outputs("inherit", "", LogFiles()))
        self.ran: list[str] = []
        self.may = asyncio.Event()

    async def _run(self, pool: Any, hook: Hook, server: ForkServer | None, env: dict[str, str]) -> None:
        self.ran.append(hook)
        await self.may.wait()


def no_server() -> Callable[[], ForkServer | None]:
    """The zygote is not running."""
    return lambda: None


async def test_hooks_run_one_after_the_other() -> None:
    """In the order that they were asked for; when all have, it is told."""
    hooks, told = Slow(), list[bool]()
    hooks.on_idle = lambda: told.append(hooks.is_idle)
    pool = a_pool(hooks="m")
    first = hooks.run(pool, Hook.STARTING, no_server(), ARBITER)
    hooks.run(pool, Hook.WORKER_EXIT, no_server(), ARBITER)
    await asyncio.sleep(0)
    assert (hooks.ran, hooks.is_idle) == (["on_dirty_starting"], False)
    assert first is not None
    assert not first.done()
    hooks.may.set()
    await hooks.done()
    assert hooks.ran == ["on_dirty_starting", "dirty_worker_exit"]
    assert first.done()
    assert told == [True]


async def test_too_many_are_not_run(caplog: pytest.LogCaptureFixture) -> None:
    """They are counted, and told twice: when it begins, and when it is over."""
    hooks = Slow()
    pool = a_pool(hooks="m")
    asked = [
        hooks.run(pool, Hook.WORKER_EXIT, no_server(), ARBITER) is not None for _ in range(MAX_WAITING + 5)
    ]
    assert asked == [True] * MAX_WAITING + [False] * 5
    assert hooks.dropped == 5
    hooks.may.set()
    await hooks.done()
    assert len(hooks.ran) == MAX_WAITING
    assert [record.getMessage() for record in caplog.records] == [
        f"dirty: hook dirty_worker_exit is not run: {MAX_WAITING} others wait",
        "dirty: 5 hooks were not run",
    ]


async def test_without_a_zygote_a_hook_fails(caplog: pytest.LogCaptureFixture) -> None:
    """In a sentence; a pool without hooks has none to fail."""
    hooks = Hooks(NoChildren(), Outputs("inherit", "", LogFiles()))
    assert hooks.run(a_pool(), Hook.STARTING, no_server(), ARBITER) is None
    hooks.run(a_pool(hooks="m"), Hook.STARTING, no_server(), ARBITER)
    await hooks.done()
    assert caplog.messages == ["dirty: hook on_dirty_starting of m failed: the zygote is not running"]
