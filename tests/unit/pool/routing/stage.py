"""A router with workers and callers that exist only here. Time is what the test says."""

from typing import Any

import msgspec

from supervisord_lite.pool.arbiter.settings import blank
from supervisord_lite.pool.routing.calls import Call, Lane, Worker
from supervisord_lite.pool.routing.effects import Effect
from supervisord_lite.pool.routing.failures import Refused
from supervisord_lite.pool.routing.router import Router
from supervisord_lite.wire.backstage import Settings
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.header import V2

A, B = "shop:A", "shop:B"


class Caller:
    """Who waits for an answer."""

    pid = 7


def settings(**more: Any) -> Settings:
    """A pool with two apps."""
    given = {"apps": (A, B), "max_queue": 3, "timeout": 10.0, "graceful_timeout": 5.0, **more}
    return msgspec.structs.replace(blank("dirty"), **given)


class Stage:
    """Calls are numbered from 1; workers are `dirty:1`, `dirty:2`…"""

    def __init__(self, **more: Any) -> None:
        self.router = Router(settings(**more))
        self.latest = 0

    def worker(self, *apps: str, threads: int = 1, now: float = 0.0) -> Worker:
        """One that is ready."""
        number = len(self.router.workers) + 1
        worker = Worker(f"dirty:{number}", 100 + number, apps or (A,), threads, now)
        self.router.join(worker)
        for _ in range(threads):
            self.router.open_lane(Lane(worker), now)
        return worker

    def call(self, app: str = A, now: float = 0.0, **more: Any) -> Call:
        """A call that was submitted."""
        self.latest += 1
        call = Call(self.latest, app, "work", Caller(), 1, V2, now, **more)
        self.router.submit(call, now)
        return call

    def refusal(self, app: str = A, now: float = 0.0) -> Failure:
        """Of a call that is not taken."""
        try:
            self.call(app, now)
        except Refused as refused:
            return refused.failure
        raise AssertionError("it was taken")

    def finish(self, call: Call, now: float = 0.0, is_error: bool = False) -> Call | None:
        """It has sent its final message: what its lane runs next."""
        assert call.lane is not None
        return self.router.finish(call.lane, now, is_error)

    def effects(self) -> list[Effect]:
        """What is to be done."""
        return self.router.take_effects()

    def told(self) -> list[tuple[int, str]]:
        """Who is told what kind of failure; nothing else may be to do."""
        return [(effect.call.id, effect.failure.error_type) for effect in self.effects()]  # type: ignore[union-attr]


def where(call: Call) -> str | None:
    """The worker that runs it; None: it waits."""
    return call.lane.worker.name if call.lane else None
