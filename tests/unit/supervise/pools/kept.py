"""A pool on a stage: its programs are made up, its sockets are real, and the test speaks for the arbiter."""

import asyncio
import socket
from pathlib import Path
from typing import Any

from supervisord_lite.config.program import Stash
from supervisord_lite.linux.kernel import Reaped
from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.events import Ready, Start
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.pools import sockets
from supervisord_lite.supervise.pools.definition import Definition
from supervisord_lite.supervise.pools.hooks import Hooks
from supervisord_lite.supervise.pools.keeper import Keeper
from supervisord_lite.supervise.pools.study import Study
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.wire.backstage import Roster
from supervisord_lite.zygote.server import ForkServer
from tests.fakes.arbiter import FakeArbiter
from tests.fakes.definitions import a_pool
from tests.unit.supervise.stage import Stage

NOTIFY = Policy(notify=True, ready_timeout=300.0)


class NoChildren:
    """Nothing is forked for hooks here."""

    def is_unclaimed(self, pid: int) -> bool:
        raise AssertionError("nobody said anything of hooks")

    def expect(self, pid: int) -> asyncio.Future[Reaped]:
        raise AssertionError("nobody said anything of hooks")


class Kept:
    """A pool, its keeper, and both ends of what is between."""

    def __init__(self, stage: Stage, directory: Path) -> None:
        self.stage = stage
        self.directory = directory
        self._far_ends: list[socket.socket] = []
        self._servers: list[ForkServer] = []
        self.keeper: Keeper | None = None

    def define(self, *apps: AppSpec, **given: Any) -> Definition:
        """A definition with its sockets in the test's directory."""
        places = {
            "socket": str(self.directory / "dirty.sock"),
            "backstage": str(self.directory / "backstage.sock"),
        }
        pool = a_pool("dirty", *apps, **{**places, **given})
        return Definition(pool, "zygote", Stash(path="/run/test/stash"))

    async def open(self, *apps: AppSpec, ready: bool = True, **given: Any) -> Keeper:
        """Begin to keep it; everybody serves when this returns, the workers unless `ready` is False."""
        definition = self.define(*apps, **given)
        keeper = self._keep(definition)
        await self.fork_server("spawner", Kind.SPAWNER)
        await self.fork_server("zygote", Kind.ZYGOTE)
        keeper.open()
        self.arbiter = FakeArbiter(keeper.sockets.backstage.sock)
        self.arbiter.accept()
        await self.stage.pass_time(0.1)
        await self.ready("dirty:arbiter")
        for name in list(keeper.crew.members) if ready else ():
            await self.ready(name)
        return keeper

    def _keep(self, definition: Definition) -> Keeper:
        stage = self.stage
        study = Study(stage.supervisor, lambda: None, lambda: None)
        hooks = Hooks(NoChildren(), Outputs("inherit", "", stage.log_files))
        found = sockets.listen(definition.pool, {})
        self.keeper = Keeper(definition, found, stage.supervisor, "spawner", study, hooks)
        stage.news.listen(self.keeper.on_transition)
        return self.keeper

    async def fork_server(self, name: str, kind: Kind) -> None:
        """One that serves."""
        program = self.stage.add(name, kind=kind, policy=NOTIFY)
        self.stage.feed(program, Start())
        await self.stage.pass_time(0.1)
        ours, theirs = socket.socketpair()
        self._far_ends.append(theirs)
        program.serves = ForkServer(ours, lambda _: None, lambda: None)
        self._servers.append(program.serves)
        self.stage.feed(program, Ready())

    def program(self, name: str) -> Supervised:
        """It has to be there."""
        program = self.stage.programs.find(name)
        assert program is not None, f"there is no {name}"
        return program

    async def ready(self, name: str) -> None:
        """It says so."""
        await self.stage.pass_time(0.1)
        self.stage.feed(self.program(name), Ready())
        await self.stage.pass_time(0.1)

    def states(self) -> dict[str, str]:
        """Of its workers."""
        assert self.keeper is not None
        return {name: program.life.state.value for name, program in self.keeper.programs().items()}

    def roster(self) -> Roster:
        """The latest that the arbiter was told."""
        rosters = self.arbiter.heard_of(Roster)
        assert rosters, "there was none"
        found = rosters[-1]
        assert isinstance(found, Roster)
        return found

    def close(self) -> None:
        """Both ends of everything."""
        for end in self._far_ends:
            end.close()
        if hasattr(self, "arbiter"):
            self.arbiter.end()

    def leave(self) -> None:
        """While the loop still runs."""
        assert self.keeper is not None
        self.keeper.close()
        for server in self._servers:
            server.lose()
