"""What an arbiter keeps of calls, of the workers that run them, and of their lanes. One record each."""

from math import inf
from typing import Any

from msgspec import Struct

from supervisord_lite.pool.routing.recycling import UNLIMITED, Limits


class Call(Struct, eq=False):
    """One request on its way: queued while `lane` is None. Times are monotonic seconds; `inf` is never.

    `client` is None when nobody waits for it any more: what still comes of it is thrown away.
    """

    id: int
    app: str
    action: str
    client: Any
    request_id: int
    version: int
    queued_at: float
    deadline: float = inf
    """When the caller stops to wait for the answer, or for the first chunk."""
    total: float = inf
    """When the caller stops to wait for the end of its stream."""
    priority: int = 0
    is_stream: bool = False
    """Asked for as a stream, or has sent a chunk."""
    message: Any = b""
    """What the worker gets; kept only while the call is queued."""
    fd: int = -1
    """The memfd with its body, while it is not passed on."""
    lane: "Lane | None" = None
    started_at: float = 0.0
    active_at: float = 0.0
    """When its running time began anew: at its start, a chunk, a sign of life, or when it went on."""
    is_paused: bool = False
    """Its client does not read, so the worker is not read either: not the worker's fault."""
    is_cancelled: bool = False
    cancel_by: float = inf
    """When its worker is beyond help for not having ended it."""
    is_overdue: bool = False
    lost_at: float = inf
    """When the connection to its worker ended."""

    @property
    def label(self) -> str:
        """How messages and the log name it."""
        return f"call {self.id} {self.app}:{self.action}"


class Lane:
    """One thread of a worker: idle, or running one call."""

    __slots__ = ("call", "port", "worker")

    def __init__(self, worker: "Worker", port: Any = None) -> None:
        self.worker = worker
        self.port = port
        """Its connection; not looked into here."""
        self.call: Call | None = None

    def __repr__(self) -> str:
        return f"<lane of {self.worker.name}: {self.call.label if self.call else 'idle'}>"


class Group:
    """The workers that have loaded the same apps, and those of their lanes that are idle, latest last."""

    __slots__ = ("apps", "idle", "is_threaded")

    def __init__(self, apps: tuple[str, ...]) -> None:
        self.apps = apps
        self.idle: list[Lane] = []
        self.is_threaded = False

    def take(self) -> Lane:
        """The idle lane of the least busy worker; of the one that was busy latest, whose caches are warm."""
        if not self.is_threaded:
            return self.idle.pop()
        index = min(range(len(self.idle) - 1, -1, -1), key=lambda at: self.idle[at].worker.busy)
        return self.idle.pop(index)


class Worker:
    """One worker process with a control connection."""

    def __init__(self, name: str, pid: int, apps: tuple[str, ...], threads: int, now: float) -> None:
        self.name = name
        self.pid = pid
        self.apps = apps
        self.threads = threads
        self.joined_at = now
        self.group = Group(apps)
        self.lanes: set[Lane] = set()
        self.busy = 0
        self.calls = 0
        self.errors = 0
        self.initialising: str | None = None
        self.is_leaving = False
        """It said that it ends: its lanes are half-closed as they fall idle."""
        self.is_closed = False
        """It gets no new calls."""
        self.is_lost = False
        self.limits: Limits = UNLIMITED
        self.memory: int | None = None
        self.port: Any = None
        """Its control connection; not looked into here."""
        self.is_replaced = False
        """The daemon was asked for a replacement."""
        self.is_aborted = False
        self.condemned: str | None = None
        """Why it is to be aborted, as soon as its other calls are done."""
        self.abort_by = inf

    @property
    def key(self) -> tuple[str, int]:
        """What it is found by: a name comes back with another pid after a crash."""
        return self.name, self.pid

    @property
    def label(self) -> str:
        """How messages and the log name it."""
        return f"worker {self.name} (pid {self.pid})"

    @property
    def running(self) -> list[Call]:
        """Its calls, in the order of their ids."""
        calls = [lane.call for lane in self.lanes if lane.call is not None]
        return sorted(calls, key=lambda call: call.id)
