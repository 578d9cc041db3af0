"""The app that both pools load: nobody's subclass, for both ask for `init`, `__call__` and `close` alone."""

import importlib
import os
import time
from collections.abc import Iterator
from typing import Any


class Bench:
    """Actions that do as little as possible, so that what is measured is the way to them and back."""

    def init(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to close."""

    def __call__(self, action: str, *args: Any) -> Any:
        return getattr(self, action)(*args)

    def noop(self) -> None:
        """Answer."""

    def echo(self, value: Any) -> Any:
        """Answer with what came."""
        return value

    def pid(self) -> int:
        """Answer with the process."""
        return os.getpid()

    def sleep(self, seconds: float) -> None:
        """Answer after a while."""
        time.sleep(seconds)

    def ints(self, count: int) -> Iterator[int]:
        """Stream so many ints."""
        yield from range(count)

    def stash(self, package: str, count: int) -> tuple[float, float]:
        """Use the stash from inside the worker; returns microseconds for a get and for a put."""
        stash = importlib.import_module(f"{package}.stash")
        value = {"user": "alice", "n": 1}
        stash.put("bench", "key", value)
        began = time.perf_counter()
        for _ in range(count):
            stash.get("bench", "key")
        got = time.perf_counter()
        for _ in range(count):
            stash.put("bench", "key", value)
        return (got - began) / count * 1e6, (time.perf_counter() - got) / count * 1e6
