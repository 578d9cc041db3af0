"""A pool that does what a test says, and callers of both kinds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .callers import Caller, kinds
from .peer import Peer, Script


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Callable[[Script], Peer]]:
    """Starts a pool with a script for each connection; it ends with the test."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(Peer(str(tmp_path / "dirty.sock"), script))


@pytest.fixture(params=kinds(), ids=lambda kind: kind.__name__.lower())
def caller(request: Any) -> Iterator[Caller]:
    """The client as seen by a thread, and by a task."""
    with request.param() as made:
        yield made
