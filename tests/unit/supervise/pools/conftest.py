"""A stage with a pool on it, and coroutine tests in its time."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.loop import run_async_test, run_jumping, run_really
from tests.unit.supervise.stage import Stage

from .kept import Kept


@pytest.fixture
def stage() -> Stage:
    """Nothing on it yet."""
    return Stage()


@pytest.fixture
def kept(stage: Stage, tmp_path: Path) -> Iterator[Kept]:
    """A pool whose sockets are in a directory of the test."""
    made = Kept(stage, tmp_path)
    yield made
    made.close()


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine functions: in the time of the stage, where the test has one."""
    found = pyfuncitem.funcargs.get("stage")
    return run_async_test(pyfuncitem, partial(run_jumping, found.kernel) if found else run_really)
