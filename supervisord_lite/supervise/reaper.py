"""One reaper for every child: programs, fork servers, and orphans that programs left behind."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import NamedTuple

from supervisord_lite.linux.kernel import Kernel, Reaped

from .child import Child
from .program import Supervised
from .trees import Trees

log = logging.getLogger(__name__)

UPROOT_AGAIN = 0.05
"""Seconds until the remains of a tree are looked at again, where no dying child calls for it before."""

UPROOT_FOR = 10.0
"""Seconds after which remains that survive SIGKILL no longer hold up what comes next."""


class _Owned(NamedTuple):
    program: Supervised
    child: Child


class Reaper:
    """Knows whose process a child is. `on_end` is called when nothing is left of it."""

    def __init__(self, kernel: Kernel, trees: Trees, on_end: Callable[[Supervised, Child], None]) -> None:
        self._kernel = kernel
        self._trees = trees
        self._on_end = on_end
        self._children: dict[int, _Owned] = {}
        self._remains: list[_Owned] = []
        self._expected: dict[int, asyncio.Future[Reaped]] = {}
        self._again: asyncio.TimerHandle | None = None

    def knows(self, pid: int) -> bool:
        """Whether this is the living main process of a program."""
        return pid in self._children

    def register(self, program: Supervised, child: Child) -> None:
        """This child is this program's from now on."""
        self._children[child.pid] = _Owned(program, child)

    def expect(self, pid: int) -> asyncio.Future[Reaped]:
        """How this child, which is no program's, will have ended."""
        self._expected[pid] = asyncio.get_running_loop().create_future()
        return self._expected[pid]

    def collect(self) -> None:
        """Reap every child that has ended (call it at SIGCHLD). A stranger's status changes nothing."""
        while (pid := self._kernel.dead_child()) is not None:
            owned = self._children.pop(pid, None)
            if owned is not None:
                self._trees.leave(owned.child)
            elif pid in self._expected:
                self._kernel.send_group(pid, signal.SIGKILL)  # with what it leaves behind
            reaped = self._kernel.reap(pid)
            if owned is None:
                self._strange(reaped)
            else:
                owned.child.bury(reaped, self._kernel.now())
                self._remains.append(owned)
        if self._remains:
            self._uproot()

    def _strange(self, reaped: Reaped) -> None:
        expected = self._expected.pop(reaped.pid, None)
        if expected is not None and not expected.done():
            expected.set_result(reaped)
        log.debug("adopted process %d ended with wait status %d", reaped.pid, reaped.status)

    def _uproot(self) -> None:
        """Report those of which nothing is left; look again at the others, which have been killed."""
        gone = set(self._trees.uproot([owned.child for owned in self._remains], self._children.keys()))
        finished = [owned for owned in self._remains if owned.child in gone or self._is_hopeless(owned)]
        self._remains = [owned for owned in self._remains if owned not in finished]
        self._schedule()
        for program, child in finished:
            self._on_end(program, child)

    def _is_hopeless(self, owned: _Owned) -> bool:
        died = owned.child.died
        if died is None or self._kernel.now() - died < UPROOT_FOR:
            return False
        log.warning("%s: processes it started survive SIGKILL; going on without them", owned.program.name)
        return True

    def _schedule(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._remains:
            self._again = asyncio.get_running_loop().call_later(UPROOT_AGAIN, self._uproot)
