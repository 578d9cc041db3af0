"""Carries out what was decided. The only place where an effect becomes bytes, and a line of the log."""

import os
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter.log import ERROR, INFO, NOTICE, WARNING
from supervisord_lite.pool.routing.calls import Call, Worker
from supervisord_lite.pool.routing.effects import (
    AskAbort,
    AskReplace,
    Begin,
    Dismiss,
    Drop,
    Effect,
    Fail,
    HalfClose,
    Hang,
    Interrupt,
)
from supervisord_lite.wire.backstage import Abort, Replace
from supervisord_lite.wire.envelope import Failure

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter
    from supervisord_lite.pool.arbiter.connections.client import Client

LEVELS = {"DirtyWorkerError": ERROR, "DirtyTimeoutError": WARNING}


def perform(hub: "Arbiter", effect: Effect) -> None:
    """Do one thing."""
    match effect:
        case Fail(call=call, client=client, failure=failure):
            _fail(hub, call, client, failure)  # type: ignore[arg-type]  # effects know no sockets
        case Drop(call=call):
            if call.fd >= 0:
                os.close(call.fd)
                call.fd = -1
            call.message = b""
        case Begin(lane=lane, call=call):
            lane.port.begin_queued(call)
        case Interrupt(worker=worker, call=call):
            hub.log.say_seldom(
                "interrupt", INFO, f"{worker.label} is asked to end {call.label}", hub.loop.now
            )
            worker.port.interrupt(call)
        case HalfClose(lane=lane):
            lane.port.half_close()
        case Hang(worker=worker):
            _hang(worker)
        case AskReplace(worker=worker, reason=reason):
            hub.log.say(NOTICE, f"{worker.label} is to be replaced: {reason}")
            hub.tell_daemon(Replace(worker.name, worker.pid, reason))
        case AskAbort(worker=worker, reason=reason):
            hub.log.say(ERROR, f"{worker.label} is to be aborted: {reason}")
            hub.tell_daemon(Abort(worker.name, worker.pid, reason))
        case Dismiss(call=call, client=client):
            hub.log.say(WARNING, f"{call.label}: its client does not read the answer; closing its connection")
            client.lost()  # type: ignore[attr-defined]  # effects know no sockets


def _fail(hub: "Arbiter", call: Call, client: "Client", failure: Failure) -> None:
    text = failure.message if call.label in failure.message else f"{call.label}: {failure.message}"
    level = LEVELS.get(failure.error_type, INFO)
    hub.log.say_seldom(failure.error_type, level, f"{text} (client {client.pid})", hub.loop.now)
    if call.is_paused and call.lane is not None:
        call.lane.port.resume()
    client.fail(call, failure)


def _hang(worker: Worker) -> None:
    for lane in list(worker.lanes):
        lane.port.lost()
    worker.port.hang_up()
