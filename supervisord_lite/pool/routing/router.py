"""Which call goes to which lane. No sockets and no clock: time is an argument, chance too.

One bounded queue per app; whichever lane of a worker with the app is free takes the next call. What happens
beside that (a worker asked to be replaced, a caller told of a failure) is left in `effects` for whoever
performs. A call is in `calls` from its submission until its final message, or until its worker is given up.
"""

from supervisord_lite.pool.routing import failures, replacement
from supervisord_lite.pool.routing.calls import Call, Group, Lane, Worker
from supervisord_lite.pool.routing.effects import (
    Begin,
    Dismiss,
    Drop,
    Effect,
    Fail,
    HalfClose,
    Interrupt,
)
from supervisord_lite.pool.routing.failures import Refused
from supervisord_lite.pool.routing.service import Service
from supervisord_lite.wire.backstage import RosterEntry, Settings
from supervisord_lite.wire.envelope import Failure

HOPE = 0.25
"""Seconds that calls wait though no worker is up or coming: a replacement is announced within them."""


class Router:
    """Everything an arbiter knows of calls, apps and workers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.services = {app: Service(app) for app in settings.apps}
        self.calls: dict[int, Call] = {}
        self.workers: dict[tuple[str, int], Worker] = {}
        self.roster: tuple[RosterEntry, ...] | None = None
        self.effects: list[Effect] = []
        self.refused = 0
        self.timed_out = 0
        self.is_stopping = False
        self._groups: dict[tuple[str, ...], Group] = {}
        self._services_of: dict[Group, list[Service]] = {}

    @property
    def queued(self) -> int:
        """How many calls wait."""
        return sum(service.line.count for service in self.services.values())

    def take_effects(self) -> list[Effect]:
        """What is to be done now, once."""
        effects, self.effects = self.effects, []
        return effects

    # The way of a call.

    def submit(self, call: Call, now: float) -> Lane | None:
        """Return the lane that runs the call from now on; None: it waits. Raises `Refused`."""
        service = self.services.get(call.app)
        if service is None:
            self.refused += 1
            raise Refused(failures.unknown_app(call.app, self.services))
        lane = service.take_idle()
        if lane is None:
            self._admit(service, now)
            service.line.add(call)
            self.calls[call.id] = call
            return None
        self.calls[call.id] = call
        self._start(lane, call, now)
        return lane

    def finish(self, lane: Lane, now: float, is_error: bool) -> Call | None:
        """The lane's call has sent its final message: return the call that it runs next."""
        call = lane.call
        assert call is not None
        worker = lane.worker
        lane.call = None
        call.lane = None
        del self.calls[call.id]
        worker.busy -= 1
        worker.calls += 1
        if is_error:
            worker.errors += 1
        service = self.services.get(call.app)
        if service is not None:
            started = call.started_at
            service.record(started - call.queued_at, now - started, is_error)
        if worker.calls >= worker.limits.calls:
            replacement.recycle(self, worker, now)
        return self.take_next(lane, now)

    def take_next(self, lane: Lane, now: float) -> Call | None:
        """Start what waits longest at the highest priority on this lane, which is idle else."""
        worker = lane.worker
        if worker.is_closed:
            if worker.is_leaving:
                self.effects.append(HalfClose(lane))
            return None
        best: Call | None = None
        for service in self._services_of[worker.group]:
            if service.line.count:
                head = service.line.head()
                assert head is not None
                if best is None or (head.priority, -head.id) > (best.priority, -best.id):
                    best = head
        if best is None:
            worker.group.idle.append(lane)
            return None
        self.services[best.app].line.drop(best)
        self._start(lane, best, now)
        return best

    def put_back(self, lane: Lane) -> None:
        """The call never reached this lane's worker, which has gone: it is the next to run elsewhere."""
        call = lane.call
        assert call is not None
        lane.call = None
        lane.worker.busy -= 1
        call.lane = None
        service = self.services.get(call.app)
        if service is not None:
            service.line.put_back(call)
            return
        client, call.client = call.client, None
        del self.calls[call.id]
        self.effects += [Fail(call, client, failures.unknown_app(call.app, self.services))] if client else []

    def dispatch(self, now: float) -> None:
        """Start what waits, where lanes are idle: after a call was put back, or apps were added."""
        for service in self.services.values():
            while service.line.count and (lane := service.take_idle()) is not None:
                call = self.take_next(lane, now)
                if call is None:
                    break
                self.effects.append(Begin(lane, call))

    def _start(self, lane: Lane, call: Call, now: float) -> None:
        lane.call = call
        lane.worker.busy += 1
        call.lane = lane
        call.started_at = call.active_at = now

    def _admit(self, service: Service, now: float) -> None:
        """Raises `Refused` where a call may not even wait."""
        limit = self.settings.max_queue
        if service.line.count >= limit:
            self.refused += 1
            raise Refused(failures.queue_full(service.app, limit))
        if self.is_stopping:
            raise Refused(failures.stopping(service.app))
        if service.hopeless_because is not None and now - service.hopeless_since >= HOPE:
            self.refused += 1
            raise Refused(failures.no_workers(service.app, service.hopeless_because))

    # What ends a call early.

    def leave(self, call: Call, now: float) -> None:
        """Its client has gone, or has been told something else: nobody waits for the answer."""
        if call.id not in self.calls:
            return
        if call.lane is None:
            self.drop(call)
            return
        call.client = None
        if self.settings.cancel_on_disconnect:
            self.cancel(call, now)
        elif call.is_stream and not call.is_cancelled:
            call.is_cancelled = True
            self.effects.append(Interrupt(call.lane.worker, call))

    def cancel(self, call: Call, now: float) -> None:
        """End a running call: its worker interrupts it within `graceful_timeout`, or is replaced."""
        assert call.lane is not None
        if call.cancel_by > now + self.settings.graceful_timeout:
            call.cancel_by = now + self.settings.graceful_timeout
        if not call.is_cancelled:
            call.is_cancelled = True
            self.effects.append(Interrupt(call.lane.worker, call))

    def cancel_by_operator(self, number: int, now: float) -> str | None:
        """End the call with this id. Returns why there is nothing to end, or None."""
        call = self.calls.get(number)
        if call is None:
            return f"no call {number} is queued or running"
        if call.lane is not None:
            self.cancel(call, now)
        else:
            self.fail(call, failures.cancelled(call))
        return None

    def fail(self, call: Call, failure: Failure) -> None:
        """Tell whoever waits. A queued call is over; a running one goes on unheard."""
        client, call.client = call.client, None
        if client is not None:
            self.effects.append(Fail(call, client, failure))
        if call.lane is None:
            self.drop(call)

    def dismiss(self, call: Call, now: float) -> None:
        """Its client does not read what it asked for: hang up on it."""
        self.effects.append(Dismiss(call, call.client))
        self.leave(call, now)

    def drop(self, call: Call) -> None:
        """Take a queued call out of its queue."""
        call.client = None
        del self.calls[call.id]
        self.services[call.app].line.drop(call)
        self.effects.append(Drop(call))

    # The workers.

    def join(self, worker: Worker) -> None:
        """A worker is there; its lanes may follow."""
        apps = tuple(app for app in worker.apps if app in self.services)
        group = self._groups.get(apps)
        if group is None:
            group = self._groups[apps] = Group(apps)
            self._attach(group)
        group.is_threaded |= worker.threads > 1
        worker.group = group
        self.workers[worker.key] = worker

    def open_lane(self, lane: Lane, now: float) -> Call | None:
        """A thread of a worker is ready: return its first call."""
        lane.worker.lanes.add(lane)
        return self.take_next(lane, now)

    def close(self, worker: Worker) -> None:
        """The worker gets no new calls."""
        if not worker.is_closed:
            worker.is_closed = True
            idle = worker.group.idle
            idle[:] = [lane for lane in idle if lane.worker is not worker]

    def depart(self, worker: Worker) -> None:
        """The worker said that it ends: its lanes are half-closed as they fall idle."""
        self.close(worker)
        if not worker.is_leaving:
            worker.is_leaving = True
            self.effects += [HalfClose(lane) for lane in worker.lanes if lane.call is None]

    # The configuration.

    def configure(self, settings: Settings, now: float) -> None:
        """Follow a change; calls that wait for an app that is no more are told."""
        self.settings = settings
        for app in [app for app in self.services if app not in settings.apps]:
            for call in list(self.services[app].line):
                self.fail(call, failures.unknown_app(app, settings.apps))
            del self.services[app]
        for app in settings.apps:
            self.services.setdefault(app, Service(app))
        self._regroup()
        self.dispatch(now)

    def _regroup(self) -> None:
        idle: list[Lane] = [lane for group in self._groups.values() for lane in group.idle]
        self._groups.clear()
        self._services_of.clear()
        for service in self.services.values():
            service.groups.clear()
        for worker in self.workers.values():
            self.join(worker)
        for lane in idle:
            lane.worker.group.idle.append(lane)

    def _attach(self, group: Group) -> None:
        served = [self.services[app] for app in group.apps]
        self._services_of[group] = served
        for service in served:
            service.join(group)
