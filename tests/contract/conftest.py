"""Everything in here runs against the fake and against what it stands for."""

from collections.abc import Iterator

import pytest

from .worlds import FakeWorld, RealWorld, World


@pytest.fixture(params=[FakeWorld, RealWorld], ids=["fake", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world with processes, whose end leaves none of them."""
    made = request.param()
    yield made
    made.close()
