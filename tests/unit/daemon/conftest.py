"""A stage for what the daemon does with programs, and coroutine tests in its time."""

from functools import partial
from pathlib import Path

import pytest

from tests.fakes.loop import run_async_test, run_jumping, run_really
from tests.unit.supervise.stage import Stage

from .site import Site


@pytest.fixture
def stage() -> Stage:
    """Nothing on it yet."""
    return Stage()


@pytest.fixture
def site(stage: Stage, tmp_path: Path) -> Site:
    """With two programs in its file."""
    made = Site(stage, tmp_path)
    made.write(web="", worker="instances = 2")
    return made


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine functions: in the time of the stage, where the test has one."""
    found = pyfuncitem.funcargs.get("stage")
    return run_async_test(pyfuncitem, partial(run_jumping, found.kernel) if found else run_really)
