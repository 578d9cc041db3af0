"""A client that listens to the news: a bounded queue, and a count of what did not fit."""

import asyncio
from collections import deque
from collections.abc import Collection
from types import TracebackType
from typing import Any

from supervisord_lite.supervise.news import News, Transition

MAX_WAITING = 1000
"""Transitions kept for a client that reads slowly; later ones are counted."""


class Subscription:
    """Use as a context manager: it listens inside."""

    def __init__(self, news: News, past: int, names: Collection[str] | None) -> None:
        self._news = news
        self._names = names
        self._dropped = 0
        self._waiting: deque[Transition] = deque()
        self._arrived = asyncio.Event()
        for transition in news.past(past):
            self._take_in(transition)

    def __enter__(self) -> "Subscription":
        self._stop = self._news.listen(self._take_in)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    async def take(self) -> list[dict[str, Any]]:
        """What has happened since the last call, as lines of the stream; waits until there is any."""
        await self._arrived.wait()
        self._arrived.clear()
        lines = [event_of(transition) for transition in self._waiting]
        self._waiting.clear()
        if self._dropped:
            lines.append({"event": "dropped", "count": self._dropped})
            self._dropped = 0
        return lines

    def _take_in(self, transition: Transition) -> None:
        if self._names is not None and transition.name not in self._names:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
        else:
            self._waiting.append(transition)
        self._arrived.set()


def event_of(transition: Transition) -> dict[str, Any]:
    """One line of the stream of events."""
    return {
        "event": "transition",
        "seq": transition.seq,
        "time": transition.time,
        "name": transition.name,
        "from": transition.before,
        "to": transition.after,
        "trigger": transition.trigger,
        "pid": transition.pid,
        "description": transition.description,
    }
