"""An event loop whose time is the fake kernel's: it never waits, it jumps to what is due next."""

import asyncio
import inspect
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import pytest

DEADLINE = 5.0
"""Seconds of real time after which a test that waits for an event has failed."""


class Clock(Protocol):
    """Whose time it is: monotonic seconds that the loop may move forward."""

    clock: float


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            ready = super().select(DEADLINE)
            assert ready, "nothing is due, and nothing has happened within the deadline"
            return ready
        ready = super().select(0)
        if not ready:
            self._clock.clock += max(timeout, 0.0)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Virtual time; descriptors are real."""

    def __init__(self, clock: Clock) -> None:
        self._jumping = clock
        super().__init__(_Jumping(clock))

    def time(self) -> float:
        return self._jumping.clock


def run_jumping(clock: Clock, scenario: Coroutine[Any, Any, None]) -> None:
    """Run the scenario to its end in virtual time."""
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        runner.run(scenario)


def run_really(scenario: Coroutine[Any, Any, None]) -> None:
    """Run the scenario in real time; it fails when it takes too long."""

    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE):
            await scenario

    asyncio.run(bounded())


def run_async_test(
    item: pytest.Function, run: Callable[[Coroutine[Any, Any, None]], None] = run_really
) -> bool | None:
    """Run a test that is a coroutine function; for `pytest_pyfunc_call`. None: it is none."""
    if not inspect.iscoroutinefunction(item.obj):
        return None
    names = inspect.signature(item.obj).parameters
    run(item.obj(**{name: item.funcargs[name] for name in names}))
    return True
