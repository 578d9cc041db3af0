"""Finding out what a pool's apps ask for, in a throwaway fork of the zygote that is to fork its workers."""

import time
from collections.abc import Callable

from msgspec import Struct

from supervisord_lite.config.program import Pool
from supervisord_lite.supervise.examination import ExaminationFailed, Examiner
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.supervise.verdicts import until
from supervisord_lite.zygote.server import ForkServer

from .attributes import DESCRIBE, Attributes, understood

PATIENCE = 600.0
"""Seconds after which what a start waits for is looked at again, whatever is heard of it."""


class Found(Struct, frozen=True):
    """What the classes ask for, and what was wrong with asking them."""

    attributes: Attributes
    warnings: tuple[str, ...] = ()


class Study:
    """Asks for the pools of one daemon. `changed` is called when the verdict on a pool has changed."""

    def __init__(
        self, supervisor: Supervisor, examiner: Callable[[], Examiner | None], changed: Callable[[], None]
    ) -> None:
        self._supervisor = supervisor
        self._registry = supervisor.programs
        self._examiner = examiner
        self.changed = changed

    def server(self, zygote: str) -> Callable[[], ForkServer | None]:
        """The zygote's fork server, whenever it is asked for."""
        return lambda: program.serves if (program := self._registry.find(zygote)) is not None else None

    async def zygote(self, name: str, on_trouble: Callable[[str], None]) -> Supervised:
        """The zygote of this name, once it serves; says that it does not come up, if so."""
        program = await self._registry.arrival(name)
        while not program.life.is_ready or program.serves is None:
            if self._registry.has_verdict(program) and not program.life.is_ready:
                on_trouble(f"waiting for {name}, {program.describe(time.monotonic())}")
            await self._news(program)
        return program

    async def verdict(self, program: Supervised) -> None:
        """Wait until it is known how this program's start went."""
        await until(self._supervisor.news, [program], self._registry.has_verdict, PATIENCE)

    async def of(self, pool: Pool, zygote: Supervised) -> Found:
        """What the classes of a pool ask for. Whatever fails here fails in a worker too, and says why."""
        examiner = self._examiner()
        if examiner is None:
            return Found(understood(pool, {}), ("class attributes are not known: no spawner",))
        paths = [spec.path for spec in pool.apps]
        program = zygote.plan.program
        try:
            found = await examiner.ask(program, DESCRIBE, paths, zygote.serves, pool.launch.env)
        except ExaminationFailed as error:
            return Found(understood(pool, {}), (f"class attributes are not known: {error}",))
        problems = tuple(f"{path} cannot be loaded: {why}" for path, why in found.problems.items())
        return Found(understood(pool, found.answers), problems)

    async def _news(self, program: Supervised) -> None:
        """Wait for the next thing that happens to this program."""
        before = program.life
        await until(self._supervisor.news, [program], lambda p: p.life is not before, PATIENCE)
