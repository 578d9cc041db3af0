"""Coroutine tests: in the time of a fake kernel where the test has one, else in real time."""

from functools import partial

import pytest

from tests.fakes.kernel import FakeKernel
from tests.fakes.loop import run_async_test, run_jumping, run_really


@pytest.fixture
def kernel() -> FakeKernel:
    """Only its clock is used."""
    return FakeKernel()


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine functions."""
    found = pyfuncitem.funcargs.get("kernel")
    return run_async_test(pyfuncitem, partial(run_jumping, found) if found else run_really)
