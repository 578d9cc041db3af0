"""A stage for every test, and a loop whose time is the stage's."""

from functools import partial

import pytest

from tests.fakes.loop import run_async_test, run_jumping, run_really

from .stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Nothing on it yet."""
    return Stage()


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine functions: in the time of the stage, where the test has one."""
    found = pyfuncitem.funcargs.get("stage")
    return run_async_test(pyfuncitem, partial(run_jumping, found.kernel) if found else run_really)
