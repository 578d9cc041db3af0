"""A sync generator, run in the lane's own thread, its chunks sent as they come."""

import time
from collections.abc import Iterator
from typing import Any

from .call import Call
from .interruption import Cancelled
from .outlet import AT_ONCE, ROOM, Flusher, Outlet

_MORE = Exception("there is more to come")


def stream(call: Call, chunks: Iterator[Any], outlet: Outlet, flusher: Flusher) -> BaseException | None:
    """Send all chunks. Returns what the generator raised; it is left to be closed.

    Raises `OSError` where the arbiter is gone.
    """
    flusher.attend(outlet)
    try:
        while True:
            outcome = _collect(call, chunks, outlet, flusher)
            if outcome is not _MORE:
                return outcome
            outlet.flush()
    except OSError as error:
        outlet.drop(error)
        raise
    except Exception as error:  # noqa: BLE001 - a chunk that turned out not to travel
        return error
    finally:
        flusher.forget()


def _collect(call: Call, chunks: Iterator[Any], outlet: Outlet, flusher: Flusher) -> BaseException | None:
    """Take chunks until some have to be sent: `_MORE`. The generator's end: None, or what it raised."""
    gate = call.gate
    outcome: BaseException | None = None
    try:
        try:
            gate.open()
            outcome = _take(call, chunks, outlet, flusher)
        except BaseException as error:  # noqa: BLE001 - whatever the app raises goes to the caller
            outcome = error
        gate.shut()
    except Cancelled as struck:
        gate.shut()
        outcome = struck
    return outcome


def _take(call: Call, chunks: Iterator[Any], outlet: Outlet, flusher: Flusher) -> BaseException | None:
    """Behind the open gate. The first chunk of all, and one after a pause, is to be sent at once."""
    if call.is_cancelled:
        return Cancelled()
    room = ROOM
    monotonic = time.monotonic
    put = outlet.put
    for chunk in chunks:
        room -= put(chunk)
        if call.is_cancelled:
            return Cancelled()
        if room <= 0 or monotonic() - outlet.sent_at >= AT_ONCE:
            return _MORE
        if not flusher.is_awake:
            flusher.wake()
    return None
