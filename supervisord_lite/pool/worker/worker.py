"""A worker's life, top to bottom: fork, init, serving, leaving."""

import faulthandler
import gc
import inspect
import os
import threading
import time
from typing import Any

from sdnotify import SystemdNotifier
from setproctitle import setproctitle

from supervisord_lite.dirty.app import load_dirty_app
from supervisord_lite.linux import prctl
from supervisord_lite.pool import hooks
from supervisord_lite.wire.hook_orders import ArbiterFacts, Hook
from supervisord_lite.wire.worker_orders import WorkerOrders

from . import diary, lane, signals
from .aside import Aside
from .call import Call
from .diary import Diary
from .ear import Ear
from .lane import Lane
from .performance import Performer

INIT_FAILED = 3
"""Exit status of a worker of which an app could not be loaded, or raised in its `init()`."""

GRACE_OF_GENERATORS = 0.5
"""Seconds that a cancelled sync generator has to come to its next chunk, where it can be closed; then it is
interrupted."""


class InitFailed(Exception):
    """An app that cannot be served."""


class Worker:
    """The composition of everything in this package; one in a process."""

    def __init__(self, orders: WorkerOrders, journal_stream: str | None) -> None:
        self._orders = orders
        self._diary = Diary(orders.pool, orders.name, journal_stream)
        self._notifier = SystemdNotifier()
        if self._notifier.socket is not None:
            self._notifier.socket.settimeout(5.0)  # a daemon that is busy is waited for, but not for ever
        os.environ.pop("NOTIFY_SOCKET", None)  # nothing that an app starts speaks for the worker
        self._apps: dict[str, Any] = {}
        self._aside = Aside()
        self._bell = signals.Bell()
        self._ear = Ear(orders, self._diary, self._bell, self)
        self._lanes: list[Lane] = []
        self._is_initialising = True
        self._in_init = ""

    def run(self) -> int:
        """Live. Returns the exit status."""
        faulthandler.enable(2, all_threads=True)  # SIGABRT: every thread's stack, then the end
        setproctitle(f"dirty-worker [{self._orders.pool}] {self._orders.name} {' '.join(self._orders.apps)}")
        prctl.wake_on_time()  # while a worker sleeps longer than it was told to, calls wait
        self._hook(Hook.POST_FORK, self._views())
        self._bell.install()
        signals.Forks(self._forget)
        self._ear.start()
        try:
            self._load()
        except InitFailed as error:
            self._tell_status(str(error))
            return INIT_FAILED
        self._hook(Hook.WORKER_INIT, self._views()[1:])
        self._serve()
        self._close()
        return 0

    def _load(self) -> None:
        for path in self._orders.apps:
            self._in_init = path
            self._ear.initialising(path)
            self._tell_status(f"initialising {path}")
            try:
                app = load_dirty_app(path)
                self._finish(app.init())
            except BaseException as error:
                said = f"{type(error).__name__}: {diary.spell(error)}"
                self._diary.say(diary.ERROR, f"init of {path} failed: {said}", diary.trace(error))
                raise InitFailed(f"init of {path} failed: {said}") from error
            self._apps[path] = app
        bytes(4 << 20)  # glibc learns from a large block that is freed to keep such memory for the next one
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection has to walk through it
        self._is_initialising = False
        self._ear.initialising(None)

    def _finish(self, result: Any) -> None:
        """Of an `init` or a `close` that may be async."""
        if inspect.isawaitable(result):
            _, problem = self._aside.run(result)
            if problem is not None:
                raise problem

    def _serve(self) -> None:
        for _ in range(self._orders.threads):
            performer = Performer(self._apps, self._aside, self._diary)
            self._lanes.append(Lane(self._orders, self._ear, self._diary, performer))
        if all(one.open() for one in self._lanes):
            self._notifier.notify("STATUS=serving\nREADY=1")
            self._diary.say(diary.INFO, f"serves {', '.join(self._orders.apps)}")
            lane.run_all(self._lanes)

    def _close(self) -> None:
        for path, app in self._apps.items():
            self._tell_status(f"closing {path}")
            try:
                self._finish(app.close())
            except BaseException as error:  # noqa: BLE001 - the others are closed all the same
                what = f"close of {path} failed: {type(error).__name__}: {diary.spell(error)}"
                self._diary.say(diary.ERROR, what, diary.trace(error))
        self._aside.end()
        left = [thread.name for thread in threading.enumerate() if not thread.daemon]
        left.remove(threading.main_thread().name)
        if left:
            self._diary.say(diary.NOTICE, f"waits for what apps have started: {', '.join(left)}")
        self._diary.say(diary.INFO, "ends")

    def _tell_status(self, sentence: str) -> None:
        self._notifier.notify(f"STATUS={' '.join(sentence.split())[:500]}")

    def _hook(self, name: Hook, views: tuple[Any, ...]) -> None:
        if self._orders.hooks is None:
            return
        try:
            function = hooks.find(self._orders.hooks, name)
            if function is not None:
                function(*views)
        except BaseException as error:  # noqa: BLE001 - a hook harms nobody
            what = f"hook {self._orders.hooks}:{name} failed: {type(error).__name__}: {diary.spell(error)}"
            self._diary.say(diary.ERROR, what, diary.trace(error))

    def _views(self) -> tuple[hooks.ArbiterView, hooks.WorkerView]:
        orders = self._orders
        arbiter = hooks.ArbiterView.of(orders.arbiter or ArbiterFacts(orders.pool))
        return arbiter, hooks.WorkerView(orders.name, os.getpid(), orders.age, orders.apps)

    def _forget(self) -> None:
        """In a process that an action forked: it is no worker."""
        self._bell.close()
        self._ear.close()
        for one in self._lanes:
            one.close()

    # In the ear's thread.

    def cancel(self, epoch: int, number: int) -> float | None:
        """End a call that runs, or is about to come."""
        now = time.monotonic()
        call = self._running(epoch, number)
        if call is None:
            for lane in self._lanes:
                lane.expect(epoch, number, now)
            call = self._running(epoch, number)  # it may have come meanwhile
        if call is None:
            return None
        call.cancel()
        if call.is_streaming:
            return now + GRACE_OF_GENERATORS
        call.interrupt()
        return None

    def _running(self, epoch: int, number: int) -> Call | None:
        return next((call for lane in self._lanes if (call := lane.find(epoch, number)) is not None), None)

    def chase(self, now: float) -> float | None:
        """Interrupt cancelled generators that have not come to a chunk."""
        for one in self._lanes:
            call = one.call
            if call is not None and call.is_cancelled:
                call.interrupt()
        return None

    def leave(self) -> None:
        """A signal asks the worker to end."""
        if self._is_initialising:
            when = f"during init of {self._in_init}" if self._in_init else "before any init"
            self._diary.say(diary.NOTICE, f"asked to end {when}; ends at once")
            diary.flush()
            os._exit(0)
        self._notifier.notify("STOPPING=1")
        self._diary.say(diary.INFO, "asked to end; finishes its calls")

    def hang_up(self) -> None:
        """Nothing more comes from the arbiter."""
        for one in self._lanes:
            one.hang_up()
