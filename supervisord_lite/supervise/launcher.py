"""Launching a process, whatever kind it is: read top to bottom, from the fork to its first sign of life."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from supervisord_lite.config.program import Rlimit
from supervisord_lite.linux import descriptors
from supervisord_lite.linux.identity import UnknownAccount
from supervisord_lite.linux.kernel import Kernel
from supervisord_lite.systemd.notify import Notice
from supervisord_lite.wire.orders import Setup
from supervisord_lite.zygote.server import ForkServer, ForkServerLost

from . import environment
from .assembly import Assembler, Assembly
from .child import Child
from .program import Supervised

AT_ONCE = 16
"""Launches under way at a time: each holds a handful of descriptors until its process has them."""

DESCRIPTORS_SPARED = 10
"""Launches are fewer at a time where this process may have few descriptors: one for so many."""

SETUP_PATIENCE = 60.0
"""Seconds a child may take from the fork to the start of its work."""


class LaunchError(Exception):
    """A process could not be started; the message says why, in a sentence without a full stop."""


class Host(Protocol):
    """Who asked for the launch, and is told how it goes."""

    def knows(self, pid: int) -> bool:
        """Whether this is the main process of some program already."""

    def registered(self, program: Supervised, child: Child) -> None:
        """The process exists, and is this program's."""

    def launched(self, program: Supervised, child: Child) -> None:
        """The process has been set up, and works."""

    def serves(self, program: Supervised, sock: socket.socket, env: Mapping[str, str]) -> None:
        """The process is one of the daemon's own: its end of their socket, and the environment it has."""

    def noticed(self, program: Supervised, notice: Notice) -> None:
        """The process spoke through its NOTIFY_SOCKET."""


class Launcher:
    """Starts processes through fork servers, and the first fork server itself."""

    def __init__(
        self, kernel: Kernel, assembler: Assembler, host: Host, limits: Mapping[str, Rlimit]
    ) -> None:
        """`limits` are what programs get where their definition says nothing else."""
        self._kernel = kernel
        self._assembler = assembler
        self._host = host
        self._limits = limits
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._at_once = max(1, min(AT_ONCE, soft // DESCRIPTORS_SPARED))
        self._slots: dict[str, asyncio.Semaphore] = {}
        """For each fork server its own: one that hangs holds up nobody else's programs."""

    async def launch(self, program: Supervised, server: ForkServer | None) -> None:
        """Start a process for the program; without a fork server it is the spawner.

        Raises `LaunchError`, or `ForkServerLost` where a successor of the fork server may be asked.
        """
        by = program.plan.server
        async with self._slots.setdefault(by, asyncio.Semaphore(self._at_once)):
            if server is None and by:
                raise ForkServerLost("ended before it was asked")
            try:
                with self._assembler.assemble(program, partial(self._host.noticed, program)) as assembly:
                    if server is None:
                        self._spawn(program, assembly)
                    else:
                        await self._fork(program, assembly, server)
            except (OSError, UnknownAccount) as error:
                raise LaunchError(_reason(error)) from error

    def _spawn(self, program: Supervised, assembly: Assembly) -> None:
        """posix_spawn(3) does not copy the daemon; the spawner needs no other set-up."""
        command = program.definition.launch.command
        assert command is not None
        actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, (_, fd) in enumerate(assembly.handed)]
        pid = os.posix_spawn(
            command[0], command, assembly.env, file_actions=actions, setsid=True, setsigmask=[]
        )
        child = Child(pid, self._kernel.now(), program.name, None, assembly.cgroup)
        self._begin(program, child, assembly)
        self._host.launched(program, child)

    async def _fork(self, program: Supervised, assembly: Assembly, server: ForkServer) -> None:
        """Have it forked, register it, say who it is to be, wait for its first sign of life."""
        ours, theirs = socket.socketpair()
        try:
            pid = await server.fork(theirs, assembly.birthplace)
            if not self._kernel.is_child(pid):
                raise LaunchError("its process was killed before it was set up")
            if self._host.knows(pid):
                raise LaunchError(f"its fork server passed another program's process {pid} off as its own")
        except BaseException:
            ours.close()  # a child that was forked all the same sees end of file, and ends
            raise
        is_called = program.plan.is_called
        generation = server.generation if is_called else None
        child = Child(pid, self._kernel.now(), program.name, ours, assembly.cgroup, generation)
        self._begin(program, child, assembly)
        setup = assembly.setup(program.definition, None if is_called else assembly.account)
        if is_called:
            setup.env, setup.unset = environment.difference(setup.env, server.env)
        await self._instruct(program, child, setup, [fd for _, fd in assembly.handed])

    def _begin(self, program: Supervised, child: Child, assembly: Assembly) -> None:
        child.notices = assembly.take_notices()
        self._host.registered(program, child)
        serving = assembly.take_serving()
        if serving is not None:
            self._host.serves(program, serving, assembly.env)

    async def _instruct(self, program: Supervised, child: Child, setup: Setup, fds: list[int]) -> None:
        """From here on the process ends by itself or is killed, and its end explains what went wrong."""
        assert child.channel is not None
        try:
            if program.plan.is_called and child.cgroup is not None:
                # Not by itself, as the zygote's user; and off the loop, because the kernel may take its time.
                await asyncio.to_thread(child.cgroup.add, child.pid)
            setup.limits = self._limit(program, child.pid)
            async with asyncio.timeout(SETUP_PATIENCE):
                await _send(child.channel, setup.encode(), fds)
                await self._first_sign(program, child)
        except TimeoutError:
            self._give_up(child, f"was not set up within {SETUP_PATIENCE:.0f}s")
        except OSError as error:
            self._give_up(child, _reason(error))

    def _limit(self, program: Supervised, pid: int) -> list[tuple[str, int, int]]:
        """What takes privileges is done from outside, while the process waits to be told who it is.

        Returns the limits that this process may not set for one of another user (containers lack
        CAP_SYS_RESOURCE); the process may, as long as it does not raise them.
        """
        left: list[tuple[str, int, int]] = []
        launch = program.definition.launch
        # A target has the daemon's from its zygote.
        given = {} if program.plan.is_called else self._limits
        for name, limit in {**given, **launch.rlimits}.items():
            try:
                self._kernel.limit(pid, name, limit.soft, limit.hard)
            except PermissionError:
                left.append((name, limit.soft, limit.hard))
            except (OSError, ValueError) as error:
                raise OSError(f"cannot set rlimits.{name} to {limit.soft}:{limit.hard}: {error}") from error
        if launch.nice is not None:
            try:
                self._kernel.nice(pid, launch.nice)
            except OSError as error:
                raise OSError(f"cannot set nice to {launch.nice}: {error.strerror}") from error
        return left

    async def _first_sign(self, program: Supervised, child: Child) -> None:
        """Return once it works, or has said why it cannot; go on listening until it hangs up."""
        first = asyncio.get_running_loop().create_future()

        def hear() -> None:
            news = child.hear()
            if news is not None and child.error is None:
                self._host.launched(program, child)
            if news is not None or child.error is not None:
                settle()

        def settle() -> None:
            if not first.done():
                first.set_result(None)

        if child.channel is not None:  # else it has ended already
            child.on_hangup = settle  # it may end, and be forgotten, before anything was heard
            asyncio.get_running_loop().add_reader(child.channel, hear)
            await first

    def _give_up(self, child: Child, error: str) -> None:
        if child.reaped is None:
            child.error = error
            self._kernel.send(child.pid, signal.SIGKILL)


async def _send(channel: socket.socket, data: bytes, fds: list[int]) -> None:
    """The descriptors go with the first byte; a long message may have to wait for the reader."""
    descriptors.send(channel, data[:1], fds)
    await asyncio.get_running_loop().sock_sendall(channel, data[1:])


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror is not None:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return str(error)
