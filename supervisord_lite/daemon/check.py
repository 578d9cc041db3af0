"""Trying out a configuration without touching what runs: the file, then its targets in a throwaway fork."""

import asyncio
import os
import signal
import socket
from collections.abc import Collection, Mapping

from supervisord_lite.config.load import ConfigError, Problem, load
from supervisord_lite.config.program import Configuration, Pool
from supervisord_lite.linux import prctl
from supervisord_lite.linux.kernel import Linux
from supervisord_lite.supervise import environment
from supervisord_lite.supervise.examination import ExaminationFailed, Examiner
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.supervise.pools.attributes import DESCRIBE, Attributes, understood
from supervisord_lite.supervise.registry import Registry
from supervisord_lite.zygote.server import ForkServer

from .programs import SPAWNER, planned, zygote_of

DEADLINE = 60.0
"""Seconds that the imports of one identity's targets may take altogether."""


def check(path: str) -> list[Problem]:
    """Everything that is wrong with the file, its targets included; needs no daemon."""
    try:
        configuration = load(path, os.environ)
    except ConfigError as error:
        return list(error.problems)
    return asyncio.run(_check_on_its_own(configuration))


async def _check_on_its_own(configuration: Configuration) -> list[Problem]:
    if not configuration.pools and not any(p.launch.target for p in configuration.programs.values()):
        return []
    prctl.become_subreaper()
    ours, theirs = socket.socketpair()
    command = planned(configuration)[SPAWNER].program.launch.command
    assert command is not None
    actions = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)]
    environ = environment.inherited(os.environ)
    pid = os.posix_spawn(command[0], command, environ, file_actions=actions, setsid=True)
    theirs.close()
    spawner = ForkServer(ours, lambda _: None, lambda: None)
    try:
        examiner = Examiner(spawner, os.environ, DEADLINE, Linux().is_child)
        problems = list(await target_problems(configuration, configuration.programs.keys(), examiner))
        for pool in configuration.pools.values():
            problems += (await pool_problems(configuration, pool, examiner))[0]
        return problems
    finally:
        spawner.lose()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


async def target_problems(
    configuration: Configuration,
    names: Collection[str],
    examiner: Examiner,
    running: Mapping[str, Plan] | None = None,
    registry: Registry | None = None,
) -> tuple[Problem, ...]:
    """What is wrong with the targets of the named programs, and the preload of the named zygotes.

    A zygote that runs by the same definition (`running`, `registry`) lends a fork; else a fresh one is made.
    """
    new = planned(configuration)
    by_zygote: dict[str, dict[str, str]] = {}
    for name in names:
        item = new.get(name)
        if item is not None and item.preloads:
            by_zygote.setdefault(name, {})  # its preload is new
        if item is not None and item.program.launch.target is not None:
            by_zygote.setdefault(item.server, {})[item.program.group] = item.program.launch.target
    problems: list[Problem] = []
    for zygote, targets in by_zygote.items():
        serving = _serving(zygote, new, running, registry)
        try:
            found = await examiner.examine(new[zygote].program, set(targets.values()), serving)
        except ExaminationFailed as error:
            problems.append(Problem(configuration.file, "supervisor.preload", str(error)))
            continue
        problems += [
            Problem(configuration.file, f"companions.{companion}.target", found[target])
            for companion, target in targets.items()
            if target in found
        ]
    return tuple(problems)


async def pool_problems(
    configuration: Configuration,
    pool: Pool,
    examiner: Examiner,
    running: Mapping[str, Plan] | None = None,
    registry: Registry | None = None,
) -> tuple[list[Problem], Attributes]:
    """What is wrong with the apps and hooks of a pool, and what its apps ask for."""
    new = planned(configuration)
    zygote = new[zygote_of(configuration, pool.launch).name]
    serving = _serving(zygote.name, new, running, registry)
    paths = [spec.path for spec in pool.apps]
    key = f"pools.{pool.name}"
    try:
        found = await examiner.ask(zygote.program, DESCRIBE, paths, serving, pool.launch.env)
        hooks = [pool.hooks] if pool.hooks is not None else []
        broken = await examiner.examine(zygote.program, hooks, serving) if hooks else {}
    except ExaminationFailed as error:
        return [Problem(configuration.file, f"{key}.apps", str(error))], understood(pool, {})
    attributes = understood(pool, found.answers)
    problems = [
        Problem(configuration.file, f"{key}.apps", f'"{path}" cannot be loaded: {why}')
        for path, why in found.problems.items()
    ]
    problems += [Problem(configuration.file, f"{key}.hooks", why) for why in broken.values()]
    if why := attributes.too_few(pool.workers):
        problems.append(Problem(configuration.file, f"{key}.workers", why))
    return problems, attributes


def _serving(
    zygote: str, new: Mapping[str, Plan], running: Mapping[str, Plan] | None, registry: Registry | None
) -> ForkServer | None:
    if running is None or registry is None or running.get(zygote) != new[zygote]:
        return None
    program = registry.find(zygote)
    return program.serves if program is not None and program.life.is_ready else None
