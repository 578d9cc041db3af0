"""The request table: what each command of the control socket does."""

import asyncio
import os
import platform
from collections.abc import Awaitable
from typing import Any, Protocol

from supervisord_lite import __version__
from supervisord_lite.linux.kernel import Kernel
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.supervisor import Supervisor

from . import requests as r
from .pools import PoolCommands
from .selection import chosen, configured
from .status import program_status
from .steering import Steering, signal_number
from .subscription import Subscription

PROTOCOL = 1
"""Version of the control protocol; it goes up when something that was there changes."""

Reply = dict[str, Any]


class Operations(Protocol):
    """What concerns the daemon as a whole."""

    @property
    def is_stopping(self) -> bool:
        """Whether it is shutting down, and starts nothing any more."""

    def describe(self) -> Reply:
        """The `daemon` object of status, without its programs."""

    def reread(self, wait: bool = True) -> Awaitable[Reply]:
        """Read the configuration and apply what changed."""

    def plan(self) -> Awaitable[Reply]:
        """What reread would do."""

    def check(self, path: str | None) -> Awaitable[Reply]:
        """What is wrong with a configuration."""

    def scale(self, companion: str, count: int | str) -> Awaitable[Reply]:
        """Change how many instances there are."""

    def shut_down(self) -> None:
        """Begin to stop everything, then the daemon."""


class Commands:
    """Answers requests. Raises `RequestRefused` where there is no answer but the refusal."""

    def __init__(
        self,
        supervisor: Supervisor,
        outputs: Outputs,
        operations: Operations,
        kernel: Kernel,
        pools: PoolCommands,
    ) -> None:
        self._pools = pools
        self._supervisor = supervisor
        self._registry = supervisor.programs
        self._outputs = outputs
        self._operations = operations
        self._kernel = kernel
        self._steering = Steering(supervisor, kernel)

    async def answer(self, request: r.Request) -> Reply:
        """The reply to one request; `Events` is not answered here, because it has no end."""
        match request:
            case r.Status(name=name):
                return self._status(name)
            case r.Start(name=name, wait=wait, timeout=timeout):
                self._refuse_while_stopping()
                return await self._steering.start(self._chosen(name), wait, timeout)
            case r.Stop(name=name, wait=wait, timeout=timeout):
                return await self._steering.stop(self._stoppable(name), wait, timeout)
            case r.Restart(name=name, wait=wait, timeout=timeout):
                self._refuse_while_stopping()
                return await self._steering.restart(self._chosen(name), wait, timeout)
            case r.Reload(name=None, wait=wait):
                self._refuse_while_stopping()
                return await self._operations.reread(wait)
            case r.Reload(name=name, wait=wait, timeout=timeout):
                self._refuse_while_stopping()
                return await self._reload(name or (), wait, timeout)
            case r.Signal(name=name, signal=given):
                return self._steering.signal(self._chosen(name), signal_number(given))
            case r.Wait(name=name, state=state, timeout=timeout):
                return await self._steering.wait(self._chosen(name), state, timeout)
        return await self._operate(request)

    def subscribe(self, request: r.Events) -> Subscription:
        """The stream of transitions that the request asks for."""
        names = None if request.name is None else {program.name for program in self._chosen(request.name)}
        return Subscription(self._supervisor.news, request.past, names)

    async def _reload(self, given: r.Names, wait: bool, timeout: float | None) -> Reply:
        """Pools by their names, worker by worker; everything else by its signal, or anew."""
        names = (given,) if isinstance(given, str) else given
        pools = [name for name in names if self._pools.knows(name)]
        others = tuple(name for name in names if name not in pools)
        programs = self._chosen(others) if others else []
        outcomes = await asyncio.gather(
            *(self._pools.reload(name, self._supervisor.news, wait, timeout) for name in pools)
        )
        return await self._steering.reload(programs, wait, timeout, outcomes)

    async def _operate(self, request: r.Request) -> Reply:
        match request:
            case r.Reread():
                self._refuse_while_stopping()
                return await self._operations.reread()
            case r.Plan():
                return await self._operations.plan()
            case r.Check(path=path):
                return await self._operations.check(path)
            case r.Pool(name=name):
                return await self._pools.report(name)
            case r.Cancel(pool=name, call=call):
                return await self._pools.cancel(name, call)
            case r.Scale(name=name, count=count):
                self._refuse_while_stopping()
                if self._pools.knows(name):
                    return self._pools.scale(name, count)
                return await self._operations.scale(name, count)
            case r.Shutdown():
                self._operations.shut_down()
                return {"ok": True, "message": "shutting down"}
            case r.Version():
                return {
                    "ok": True,
                    "version": __version__,
                    "protocol": PROTOCOL,
                    "pid": os.getpid(),
                    "python": platform.python_version(),
                }
        raise AssertionError(f"{type(request).__name__} has no answer")

    def _status(self, names: r.Names | None) -> Reply:
        programs = configured(self._registry) if names is None else self._chosen(names)
        now = self._kernel.now()
        own = [program for program in self._registry if program.is_own]
        daemon = self._operations.describe()
        daemon["programs"] = [program_status(program, self._outputs, now) for program in own]
        companions = [program_status(program, self._outputs, now) for program in programs]
        return {"ok": True, "companions": companions, "pools": self._pools.all(), "daemon": daemon}

    def _chosen(self, names: r.Names) -> list[Supervised]:
        return chosen(self._registry, names)

    def _stoppable(self, names: r.Names) -> list[Supervised]:
        programs = self._chosen(names)
        for program in programs:
            if program.is_own:
                raise r.RequestRefused(
                    f"{program.name} is the daemon's own, and programs need it; restart it instead", "refused"
                )
        return programs

    def _refuse_while_stopping(self) -> None:
        if self._operations.is_stopping:
            raise r.RequestRefused("the daemon is shutting down", "shutting_down")
