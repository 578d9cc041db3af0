"""What is to be supervised: a program, and all that follows from what it is made of.

What a program is made of is asked nowhere else. Whoever wants to know how it is launched, or what it serves,
finds that here as data.
"""

from enum import StrEnum

from msgspec import Struct

from supervisord_lite.config.program import Program


class Kind(StrEnum):
    """What a program is made of, as a word to show."""

    TARGET = "target"
    COMMAND = "command"
    ZYGOTE = "zygote"
    SPAWNER = "spawner"
    LOGWRITER = "logwriter"
    ARBITER = "arbiter"
    WORKER = "worker"


class Service(StrEnum):
    """What a program of the daemon's own does for it, over a socket between them."""

    FORKS = "forks"
    LOGS = "logs"


class Plan(Struct, frozen=True, kw_only=True):
    """One program that is to be supervised.

    `server` names the fork server that launches it; "" is the daemon itself. `preloads` is whether its
    process imports the application before it serves. `identifier` is what its lines carry in the journal.
    """

    program: Program
    kind: Kind
    server: str
    identifier: str
    service: Service | None = None
    preloads: bool = False

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_own(self) -> bool:
        """Whether it is one of the daemon's own, which no file configures."""
        return self.service is not None

    @property
    def is_called(self) -> bool:
        """Whether it stays the interpreter that it is forked from, with its identity and limits."""
        return self.program.launch.target is not None


def command(program: Program, spawner: str) -> Plan:
    """Something that is executed."""
    return Plan(program=program, kind=Kind.COMMAND, server=spawner, identifier=program.name)


def target(program: Program, zygote: str) -> Plan:
    """Something that is called in a fork of this zygote."""
    return Plan(program=program, kind=Kind.TARGET, server=zygote, identifier=program.name)


def spawner(program: Program) -> Plan:
    """The fork server that everything else comes from."""
    return _own(program, Kind.SPAWNER, "", Service.FORKS)


def zygote(program: Program, spawner: str) -> Plan:
    """The fork server of the targets of one identity."""
    return _own(program, Kind.ZYGOTE, spawner, Service.FORKS, preloads=True)


def log_writer(program: Program, spawner: str) -> Plan:
    """Who fills log files."""
    return _own(program, Kind.LOGWRITER, spawner, Service.LOGS)


def arbiter(program: Program, spawner: str) -> Plan:
    """Who routes the calls of a pool; it logs under the pool's name, as all of the pool do."""
    return Plan(program=program, kind=Kind.ARBITER, server=spawner, identifier=program.group)


def worker(program: Program, zygote: str) -> Plan:
    """Who answers the calls of a pool."""
    return Plan(program=program, kind=Kind.WORKER, server=zygote, identifier=program.group)


def _own(program: Program, kind: Kind, server: str, service: Service, preloads: bool = False) -> Plan:
    return Plan(
        program=program, kind=kind, server=server, identifier=program.name, service=service, preloads=preloads
    )
