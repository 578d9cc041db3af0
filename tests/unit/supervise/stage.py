"""A supervisor on a fake kernel, with a launcher that does as the test says."""

import asyncio
from collections.abc import Callable, Mapping

from supervisord_lite.linux.cgroup import Cgroup
from supervisord_lite.model.events import Event
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State
from supervisord_lite.supervise.child import Child
from supervisord_lite.supervise.host import ProcessHost
from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.supervise.news import News, Transition
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.registry import Registry
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.supervise.trees import GroupTrees
from supervisord_lite.zygote.server import ForkServer
from tests.fakes.definitions import a_plan, a_program
from tests.fakes.kernel import DIES, FakeKernel, Reaction

QUICK = Policy(startsecs=1.0, restart_delay=2.0, stop_timeout=10.0)


class FakeLauncher:
    """Every launch makes a process at once, unless something else was said about the program."""

    def __init__(self, kernel: FakeKernel) -> None:
        self._kernel = kernel
        self.host: ProcessHost | None = None
        self.launched: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        """By program, what its next launches raise."""
        self.gates: dict[str, asyncio.Event] = {}
        """By program, what its launches wait for before there is a process."""
        self.setups: dict[str, asyncio.Event] = {}
        """By program, what its processes wait for before they work."""
        self.reactions: Mapping[int, Reaction] = {15: DIES}
        """What processes do at their signals."""
        self.cgroup: Cgroup | None = None
        self._next = 100

    async def launch(self, program: Supervised, server: ForkServer | None) -> None:
        self.launched.append(program.name)
        if program.name in self.gates:
            await self.gates[program.name].wait()
        if self.failures.get(program.name):
            raise self.failures[program.name].pop(0)
        self._next += 1
        cookie = f"SUPERVISOR_COOKIE={program.name}\0".encode()
        process = self._kernel.spawn(self._next, on=self.reactions, env=cookie)
        generation = server.generation if server is not None else None
        child = Child(process.pid, self._kernel.now(), program.name, None, self.cgroup, generation)
        assert self.host is not None
        self.host.registered(program, child)
        if program.name in self.setups:
            await self.setups[program.name].wait()
        self.host.launched(program, child)


class Stage:
    """Programs, and what happens to them. Its clock moves only when nothing else is left to do."""

    def __init__(self) -> None:
        self.kernel = FakeKernel()
        self.news = News()
        self.programs = Registry()
        self.trees = GroupTrees(self.kernel)
        self.supervisor = Supervisor(self.kernel, self.trees, self.programs, self.news)
        self.log_files = LogFiles()
        self.host = ProcessHost(self.kernel, self.trees, self.supervisor, self.log_files)
        self.launcher = FakeLauncher(self.kernel)
        self.launcher.host = self.host
        self.supervisor.launcher = self.launcher  # type: ignore[assignment]
        self.told: list[Transition] = []
        self.news.listen(self.told.append)
        self.kernel.on_child_end = self._on_sigchld

    def _on_sigchld(self) -> None:
        asyncio.get_running_loop().call_soon(self.host.reaper.collect)

    def add(
        self,
        name: str,
        *,
        after: tuple[str, ...] = (),
        policy: Policy = QUICK,
        kind: Kind = Kind.COMMAND,
        server: str = "",
    ) -> Supervised:
        """Take a program in."""
        return self.programs.add(a_plan(a_program(name, after=after, policy=policy), kind, server))

    def feed(self, program: Supervised, *events: Event) -> None:
        """Let these happen to it."""
        for event in events:
            self.supervisor.feed(program, event)

    def pid(self, program: Supervised) -> int:
        """Of the process that it has to have."""
        assert program.pid is not None
        return program.pid

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for news that make it so; a day of the fake clock is the deadline."""
        changed = asyncio.Event()
        stop = self.news.listen(lambda _: changed.set())
        async with asyncio.timeout(86400):
            while not is_so():
                await changed.wait()
                changed.clear()
        stop()

    async def reaches(self, program: Supervised, state: State) -> None:
        """Wait until the program is in this state."""
        await self.until(lambda: program.life.state is state)

    async def pass_time(self, seconds: float) -> None:
        """Let the fake clock go on, and everything happen that is due by then."""
        loop = asyncio.get_running_loop()
        passed = loop.create_future()
        loop.call_later(seconds, passed.set_result, None)
        await passed

    def history(self, name: str) -> list[str]:
        """The states that the program has gone to so far."""
        return [str(transition.after) for transition in self.told if transition.name == name]
