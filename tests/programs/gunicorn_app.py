"""Dirty apps as users of gunicorn have them: its base class, its stash, nothing of ours."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from gunicorn.dirty import DirtyApp, stash


class Counting(DirtyApp):
    """Actions of every kind."""

    stashes = ["counts"]  # noqa: RUF012 - as gunicorn's manual has it

    def init(self) -> None:
        self.calls = 0

    def add(self, left: Any, right: Any = 1) -> Any:
        self.calls += 1
        return left + right

    def fail(self, message: str) -> None:
        raise ValueError(message)

    def count(self, to: int) -> Iterator[int]:
        yield from range(to)

    async def acount(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(0)
            yield number

    def broken(self) -> Iterator[int]:
        yield 1
        raise ValueError("in the middle")

    def remember(self, key: str, value: Any) -> Any:
        stash.put("counts", key, value)
        return stash.get("counts", key)


class Few(DirtyApp):
    """Loaded by one worker only."""

    workers = 1

    def pid(self) -> int:
        import os

        return os.getpid()
