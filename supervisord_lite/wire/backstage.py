"""What is said behind a dirty pool: by the daemon and the workers to the arbiter, and back.

Arbiter, workers and daemon meet on the pool's backstage socket. Every connection opens with a `Hello`
(`header.HELLO`). A worker has one *control* connection and, for each of its threads, one *lane*. On a lane
the arbiter sends one request at a time, and the worker answers with chunks and exactly one final message; end
of file on it means "no more calls" from the arbiter, and "gone" from the worker. On control connections, the
daemon's included, messages are `header.WORD` with a payload of one of the types below, in msgpack.
"""

from enum import IntEnum
from typing import Any

import msgspec
from msgspec import Struct

CONTROL = "control"
LANE = "lane"
DAEMON = "daemon"


class Hello(Struct, frozen=True):
    """Who opens this connection. `name` is the program's; `apps` (import paths) and `threads` of a worker."""

    role: str
    name: str
    pid: int
    apps: tuple[str, ...] = ()
    threads: int = 1


# From arbiter to worker.


class Cancel(Struct, tag=True, frozen=True):
    """End this call as `on_disconnect = "cancel"` says; it is answered by a final message all the same."""

    call: int


# From worker to arbiter.


class KeepAlive(Struct, tag=True, frozen=True):
    """The call is at work: its running time starts anew."""

    call: int


class Leave(Struct, tag=True, frozen=True):
    """The worker was asked to end (SIGTERM): send it nothing more, half-close its lanes as they fall idle."""


class Initialising(Struct, tag=True, frozen=True):
    """Sent on a control connection opened before `init()`: the app it is in now. `app` None: all are done.

    The lanes are opened when all are done.
    """

    app: str | None


# From daemon to arbiter.


class Settings(Struct, tag=True, frozen=True):
    """What the configuration asks of an arbiter; comes first, and again when it changes. Seconds, bytes.

    `apps` has the import path of every app. `stash` is the directory of the stash, `stash_size` its limit.
    """

    pool: str
    apps: tuple[str, ...]
    threads: int
    timeout: float
    graceful_timeout: float
    max_queue: int
    max_message: int
    cancel_on_disconnect: bool
    pickle: bool
    max_calls: int | None
    max_calls_jitter: int
    max_age: float | None
    max_age_jitter: float
    max_memory: int | None
    max_memory_jitter: int
    stash: str | None
    stash_size: int
    stash_mode: int
    stash_persist: bool
    stash_tables: tuple[str, ...] = ()


class RosterEntry(Struct, frozen=True):
    """A worker as the daemon knows it. `state` is one of `model.states.State`; `reason` why it is not up."""

    name: str
    pid: int | None
    apps: tuple[str, ...]
    state: str
    reason: str = ""
    is_leaving: bool = False


class Roster(Struct, tag=True, frozen=True):
    """All workers; sent after every change."""

    workers: tuple[RosterEntry, ...]


class Gone(Struct, tag=True, frozen=True):
    """A worker has ended; `how` completes the sentence "the worker …" ("was killed by SIGKILL")."""

    name: str
    pid: int
    how: str


class Answer(Struct, tag=True, frozen=True):
    """The outcome of a `Manage` or `Scale` of this number. `error` None: done, and `result` says what."""

    number: int
    error: str | None = None
    result: dict[str, Any] = {}


class Ask(Struct, tag=True, frozen=True):
    """Answer with a `Report` of this number."""

    number: int


class CancelCall(Struct, tag=True, frozen=True):
    """An operator ends a call, queued or running; answered with `Cancelled` of the same number."""

    number: int
    call: int


# From arbiter to daemon.


class Serving(Struct, tag=True, frozen=True):
    """The arbiter has its settings and accepts calls."""


class Scale(Struct, tag=True, frozen=True):
    """SIGTTIN (+1) or SIGTTOU (-1) came; the answer is logged by the arbiter."""

    number: int
    by: int


class Operation(IntEnum):
    """What a manage message may ask for."""

    ADD = 1
    REMOVE = 2


class Manage(Struct, tag=True, frozen=True):
    """A client sent a manage message about `count` workers; `operation` is an `Operation`, or wrong."""

    number: int
    operation: int
    count: int


class Replace(Struct, tag=True, frozen=True):
    """Start a replacement for this worker; once it is ready, or after all failed, ask this one to end."""

    name: str
    pid: int
    reason: str


class Abort(Struct, tag=True, frozen=True):
    """This worker is beyond help: SIGABRT for its stacks, then SIGKILL, and a replacement at once."""

    name: str
    pid: int
    reason: str


class Cancelled(Struct, tag=True, frozen=True):
    """Outcome of a `CancelCall`; `error` says why there was nothing to cancel."""

    number: int
    error: str | None = None


class CallReport(Struct, frozen=True):
    """One call. `seconds` since it was queued (`worker` None) or since it runs; `client` is a pid."""

    id: int
    app: str
    action: str
    seconds: float
    worker: str | None
    client: int
    is_stream: bool = False


class WorkerReport(Struct, frozen=True):
    """One worker with a connection. `memory` is its private memory in bytes, None where it cannot be read."""

    name: str
    pid: int
    apps: tuple[str, ...]
    state: str
    """initialising, idle, busy, leaving"""
    initialising: str | None
    calls: int
    errors: int
    memory: int | None
    age: float


class AppReport(Struct, frozen=True):
    """One app. Waiting and running times in seconds over the latest calls; None before the first."""

    app: str
    queued: int
    oldest: float
    calls: int
    errors: int
    waited_p50: float | None
    waited_p99: float | None
    ran_p50: float | None
    ran_p99: float | None


class Report(Struct, tag=True, frozen=True):
    """How the pool is: the answer to an `Ask`."""

    number: int
    clients: int
    queued: int
    refused: int
    timed_out: int
    calls: tuple[CallReport, ...]
    workers: tuple[WorkerReport, ...]
    apps: tuple[AppReport, ...]


ToWorker = Cancel
FromWorker = KeepAlive | Leave | Initialising
ToArbiter = Settings | Roster | Gone | Answer | Ask | CancelCall
FromArbiter = Serving | Scale | Manage | Replace | Abort | Cancelled | Report

encode = msgspec.msgpack.Encoder().encode
decode_hello = msgspec.msgpack.Decoder(Hello).decode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
decode_to_arbiter = msgspec.msgpack.Decoder(ToArbiter).decode
decode_from_arbiter = msgspec.msgpack.Decoder(FromArbiter).decode
