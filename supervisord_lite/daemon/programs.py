"""What the daemon runs under a configuration: the companions, and the fork servers they are launched by."""

import os
import signal
import sys

import msgspec

from supervisord_lite import zygote
from supervisord_lite.config.program import Configuration, Launch, Program, Supervisor
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise import plan
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.supervise.pools.plans import PRELOAD

SPAWNER = "spawner"
ZYGOTE = "zygote"
LOGWRITER = "logwriter"

_FORK_SERVER = os.path.join(os.path.dirname(zygote.__file__), "__main__.py")
_SPAWNER = (sys.executable, "-I", "-S", _FORK_SERVER, "--commands")
_ZYGOTE = (sys.executable, "-P", _FORK_SERVER)

_LOG_WRITER = (sys.executable, "-P", "-m", "supervisord_lite.supervise.logwriter")

_PERSISTENT = Policy(
    notify=True, restart_delay=0.2, restart_delay_max=10.0, stop_timeout=5.0, ready_timeout=60.0
)
# The log writer ends when the daemon hangs up, with everything written. A signal could find it before it is
# ready for one, so the one it is asked to stop with means nothing to it.
_WRITING = msgspec.structs.replace(_PERSISTENT, notify=False, startsecs=0.0, stop_signal=signal.SIGCONT)
_PATIENT = Policy(
    notify=True, restart_delay=1.0, restart_delay_max=30.0, stop_timeout=5.0, ready_timeout=600.0
)


def planned(configuration: Configuration) -> dict[str, Plan]:
    """Every program by its name: fork servers first, then what the file configures, in its order."""
    found = {SPAWNER: plan.spawner(_spawner())}
    companions: dict[str, Plan] = {}
    for pool in configuration.pools.values():
        server = zygote_of(configuration, pool.launch)
        found.setdefault(server.name, plan.zygote(server, SPAWNER))
    for program in configuration.programs.values():
        if program.launch.target is None:
            companions[program.name] = plan.command(program, SPAWNER)
            continue
        server = zygote_of(configuration, program.launch)
        found.setdefault(server.name, plan.zygote(server, SPAWNER))
        companions[program.name] = plan.target(program, server.name)
    if log_paths(configuration):
        found[LOGWRITER] = plan.log_writer(_log_writer(configuration.supervisor), SPAWNER)
    return found | companions


def log_paths(configuration: Configuration) -> set[str]:
    """Every file that a program's output goes to."""
    launches = [program.launch for program in configuration.programs.values()]
    launches += [pool.launch for pool in configuration.pools.values()]
    outputs = (output for launch in launches for output in (launch.stdout, launch.stderr))
    return {output for output in outputs if output is not None and output.startswith("/")}


def _spawner() -> Program:
    return _own(SPAWNER, Launch(command=_SPAWNER, env={}, rlimits={}), _PERSISTENT)


def _log_writer(supervisor: Supervisor) -> Program:
    launch = Launch(command=_LOG_WRITER, env={}, user=supervisor.user, group=supervisor.group, rlimits={})
    return _own(LOGWRITER, launch, _WRITING)


def zygote_of(configuration: Configuration, launch: Launch) -> Program:
    """The zygote for targets of this identity: one preload for all of them, and for nobody else."""
    supervisor = configuration.supervisor
    identities = {(pool.launch.user, pool.launch.group) for pool in configuration.pools.values()}
    has_workers = (launch.user, launch.group) in identities
    is_default = (launch.user, launch.group) == (supervisor.user, supervisor.group)
    identity = ":".join(part for part in (launch.user, launch.group) if part is not None)
    directories = [*([supervisor.cwd] if supervisor.cwd is not None else []), *supervisor.python_path]
    paths = [argument for directory in directories for argument in ("--path", directory)]
    name = ZYGOTE if is_default else f"{ZYGOTE}@{identity}"
    return _own(
        name,
        Launch(
            command=(*_ZYGOTE, name, *paths, *([PRELOAD] if has_workers else []), *supervisor.preload),
            cwd=supervisor.cwd,
            env=supervisor.env,
            user=launch.user,
            group=launch.group,
            rlimits={},
        ),
        _PATIENT,
    )


def _own(name: str, launch: Launch, policy: Policy) -> Program:
    return Program(name=name, group=name, instance=1, launch=launch, policy=policy, autostart=True, after=())
