"""Waiting until what was asked for has come about, by the news and never by polling."""

import asyncio
from collections.abc import Callable, Iterable

from .news import News, Transition
from .program import Supervised


async def until(
    news: News,
    programs: Iterable[Supervised],
    is_decided: Callable[[Supervised], bool],
    timeout: float | None,
) -> list[Supervised]:
    """Wait until each program is decided, at most `timeout` seconds; returns those that are not."""
    pending = [program for program in programs if not is_decided(program)]
    if not pending:
        return []
    changed = asyncio.Event()

    def on_transition(_: Transition) -> None:
        changed.set()

    stop_listening = news.listen(on_transition)
    try:
        async with asyncio.timeout(timeout):
            while pending:
                await changed.wait()
                changed.clear()
                pending = [program for program in pending if not is_decided(program)]
    except TimeoutError:
        pass
    finally:
        stop_listening()
    return pending
