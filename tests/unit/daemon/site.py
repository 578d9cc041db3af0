"""A file with commands, the daemon that runs it, and a stage where its programs appear."""

import contextlib
import socket
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from supervisord_lite.config.load import load
from supervisord_lite.daemon.operations import Operations
from supervisord_lite.daemon.pools import Pools
from supervisord_lite.model.events import Ready
from supervisord_lite.supervise.examination import Examiner
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.pools.study import Study
from supervisord_lite.supervise.registry import Registry
from supervisord_lite.zygote.server import ForkServer
from tests.unit.supervise.stage import Stage

ENVIRON = {"PATH": "/usr/bin:/bin", "RUNTIME_DIRECTORY": "/run/test"}


class FakeDaemon:
    """Remembers what it was asked to keep."""

    def __init__(self) -> None:
        self.is_reloading = False
        self.logs: list[set[str]] = []
        self.is_asked_to_end = False
        self.is_told = False
        self.programs: Registry | None = None

    def facts(self) -> dict[str, Any]:
        return {"state": "running"}

    def shut_down(self) -> None:
        self.is_asked_to_end = True

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        self.is_reloading = True
        try:
            yield
        finally:
            self.is_reloading = False

    def is_unclaimed(self, pid: int) -> bool:
        return True

    def examiner(self) -> Examiner | None:
        spawner = self.programs.find("spawner") if self.programs is not None else None
        if spawner is None or spawner.serves is None:
            return None
        return Examiner(spawner.serves, ENVIRON, 60.0, self.is_unclaimed)

    def tell_programs(self) -> None:
        self.is_told = True

    def retain_logs(self, paths: Collection[str]) -> None:
        assert self.is_reloading
        self.logs.append(set(paths))


class Site:
    """A file, the daemon that runs it, and a stage where its programs appear."""

    def __init__(self, stage: Stage, directory: Path) -> None:
        self.stage = stage
        self.file = directory / "main.toml"
        self.daemon = FakeDaemon()
        self.far_end: socket.socket | None = None

    def write(self, **companions: str) -> None:
        """These companions, each a command with further keys."""
        tables = (
            f"[companions.{name}]\ncommand = '/bin/true'\nstartsecs = 0\nstop_timeout = 5\n{keys}\n"
            for name, keys in companions.items()
        )
        self.file.write_text("".join(tables))

    def start(self) -> Operations:
        """Bring the file into force, with a spawner that runs."""
        self.daemon.programs = self.stage.programs
        outputs = Outputs("inherit", "", self.stage.log_files)
        study = Study(self.stage.supervisor, self.daemon.examiner, lambda: None)
        children = self.stage.host.reaper
        pools = Pools(self.stage.supervisor, outputs, children, study, {})  # type: ignore[arg-type]
        made = Operations(load(str(self.file), ENVIRON), self.stage.supervisor, ENVIRON, self.daemon, pools)
        ours, self.far_end = socket.socketpair()
        made.start()
        spawner = self.stage.programs.find("spawner")
        assert spawner is not None
        spawner.serves = self.server = ForkServer(ours, lambda _: None, lambda: None)
        return made

    async def up(self, operations: Operations) -> None:
        """Until the spawner and what is forked from it run."""
        spawner = self.stage.programs.find("spawner")
        assert spawner is not None
        await self.stage.pass_time(1)
        self.stage.feed(spawner, Ready())
        await self.stage.pass_time(1)

    def state(self, name: str) -> str | None:
        """Where the program is; None where there is none."""
        program = self.stage.programs.find(name)
        return program.life.state.value if program is not None else None

    def close(self) -> None:
        """Both ends of the spawner's socket."""
        self.server.lose()
        assert self.far_end is not None
        self.far_end.close()


async def started(site: Site) -> Operations:
    """Everything that is to run does."""
    operations = site.start()
    await site.up(operations)
    return operations
