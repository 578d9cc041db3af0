"""What the daemon runs under a configuration: the companions, and the fork servers they are launched by."""

import os
import signal
import sys

import msgspec
from msgspec import Struct

from supervisord_lite import zygote
from supervisord_lite.config.program import Configuration, Launch, Program, Supervisor
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise.program import Kind

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


class Planned(Struct, frozen=True):
    """A program that is to be supervised, what it is made of, and the fork server that launches it."""

    program: Program
    kind: Kind
    server: str

    @property
    def is_own(self) -> bool:
        """Whether no file configures it."""
        return self.kind not in (Kind.TARGET, Kind.COMMAND)


def planned(configuration: Configuration) -> dict[str, Planned]:
    """Every program by its name: fork servers first, then what the file configures, in its order."""
    found = {SPAWNER: Planned(_spawner(), Kind.SPAWNER, "")}
    companions: dict[str, Planned] = {}
    for program in configuration.programs.values():
        if program.launch.target is None:
            companions[program.name] = Planned(program, Kind.COMMAND, SPAWNER)
            continue
        server = _zygote(configuration.supervisor, program.launch)
        found.setdefault(server.name, Planned(server, Kind.ZYGOTE, SPAWNER))
        companions[program.name] = Planned(program, Kind.TARGET, server.name)
    if log_paths(configuration):
        found[LOGWRITER] = Planned(_log_writer(configuration.supervisor), Kind.LOGWRITER, SPAWNER)
    return found | companions


def log_paths(configuration: Configuration) -> set[str]:
    """Every file that a program's output goes to."""
    outputs = (o for p in configuration.programs.values() for o in (p.launch.stdout, p.launch.stderr))
    return {output for output in outputs if output is not None and output.startswith("/")}


def _spawner() -> Program:
    return _own(SPAWNER, Launch(command=_SPAWNER, env={}, rlimits={}), _PERSISTENT)


def _log_writer(supervisor: Supervisor) -> Program:
    launch = Launch(command=_LOG_WRITER, env={}, user=supervisor.user, group=supervisor.group, rlimits={})
    return _own(LOGWRITER, launch, _WRITING)


def _zygote(supervisor: Supervisor, launch: Launch) -> Program:
    """The zygote for targets of this identity: one preload for all of them, and for nobody else."""
    is_default = (launch.user, launch.group) == (supervisor.user, supervisor.group)
    identity = ":".join(part for part in (launch.user, launch.group) if part is not None)
    directories = [*([supervisor.cwd] if supervisor.cwd is not None else []), *supervisor.python_path]
    paths = [argument for directory in directories for argument in ("--path", directory)]
    name = ZYGOTE if is_default else f"{ZYGOTE}@{identity}"
    return _own(
        name,
        Launch(
            command=(*_ZYGOTE, name, *paths, *supervisor.preload),
            cwd=supervisor.cwd,
            env=supervisor.env,
            user=launch.user,
            group=launch.group,
            rlimits={},
        ),
        _PATIENT,
    )


def _own(name: str, launch: Launch, policy: Policy) -> Program:
    return Program(
        name=name, companion=name, instance=1, launch=launch, policy=policy, autostart=True, after=()
    )
