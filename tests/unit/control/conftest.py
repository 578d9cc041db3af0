"""A stage with programs, and coroutine tests in its time or in real time."""

from functools import partial
from pathlib import Path

import pytest

from tests.fakes.loop import run_async_test, run_jumping, run_really
from tests.unit.supervise.stage import Stage

from .talk import Talk


@pytest.fixture
def stage() -> Stage:
    """Nothing on it yet."""
    return Stage()


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine functions: in the time of the stage, unless the test talks over real sockets."""
    found = pyfuncitem.funcargs.get("stage")
    virtual = found is not None and "talk" not in pyfuncitem.funcargs
    return run_async_test(pyfuncitem, partial(run_jumping, found.kernel) if virtual else run_really)


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    """A control socket, opened by the test."""
    return Talk(tmp_path / "control.sock")
