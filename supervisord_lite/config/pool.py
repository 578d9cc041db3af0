"""A dirty pool: its table checked as a whole, and resolved."""

import os
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from supervisord_lite.config.duration import Duration, Interval
from supervisord_lite.config.expansion import Scope
from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.launch import Launches
from supervisord_lite.config.pool_table import PoolTable
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.program import POOL_WORKER, Pool
from supervisord_lite.config.socket_path import Places, why_not_socket
from supervisord_lite.model.assignment import minimum
from supervisord_lite.model.policy import Policy, Restart

LONGEST_DELAY = Interval(30)  # what restart_delay grows to where nobody says
EXIT_WITHIN = 5.0  # seconds a worker has to close its apps after the last call
JITTER = 0.1  # of a limit, where the limit is given and its jitter is not
LIMITS = ("max_calls", "max_age", "max_memory")


class WrittenPool(Struct, frozen=True):
    """A pool before expansion; `count` is the number of workers it is to have."""

    name: str
    own: Section
    table: PoolTable
    count: int

    @property
    def given(self) -> Mapping[str, Given]:
        """The values of the table, with their places."""
        return self.own.given

    def instance_names(self) -> tuple[str, ...]:
        """Return what stands for it where others come after it: its own name, however many workers it has."""
        return (self.name,)


def check_pool(name: str, own: Section, count: int | None, problems: Problems) -> WrittenPool:
    """Return the pool of a table, after noting what does not go together in it.

    `count` is the number of workers set at run time, None for what the file says. It is raised to what the
    apps ask for: they may have changed since.
    """
    values = {key: item.value for key, item in own.given.items() if key not in ("env", "rlimits")}
    table = PoolTable(**values)
    if not own.holds("apps"):
        problems.add(own.file, own.key, 'has no apps; give it apps = ["module:Class"], what its workers load')
    least = minimum(table.apps)
    given = own.given.get("workers")
    if given is not None and table.workers < least:
        app = next(spec for spec in table.apps if spec.workers == least)
        problems.add(
            given.file,
            given.key,
            f'must be at least {least}, not {table.workers}: apps asks for {least} with "{app.path}:{least}"',
        )
    for limit in LIMITS:
        jitter = own.given.get(f"{limit}_jitter")
        if jitter is not None and jitter.value and not own.holds(limit):
            problems.add(jitter.file, jitter.key, f"needs {limit}, which it is added to; give that as well")
    _check_delays(own, table, problems)
    return WrittenPool(name, own, table, max(int(table.workers) if count is None else count, least))


def longest_delay(table: PoolTable) -> Interval:
    """Return what the delay grows to; 0 where it does not grow."""
    if table.restart_delay_max is not None:
        return table.restart_delay_max
    return LONGEST_DELAY if table.restart_delay < LONGEST_DELAY else Interval(0)


def policy_of(table: PoolTable) -> Policy:
    """Return what the table says about a worker's life; the rest follows from what a worker is."""
    stop_timeout = float(table.graceful_timeout) + EXIT_WITHIN
    return Policy(
        ready_timeout=float(table.init_timeout),
        stop_timeout=stop_timeout,
        reload_timeout=stop_timeout,
        restart=Restart.ALWAYS,
        restart_delay=float(table.restart_delay),
        restart_delay_max=float(longest_delay(table)) or None,
        max_restarts=None if table.max_restarts < 0 else int(table.max_restarts),
        restart_window=float(table.restart_window),
    )


class Pools:
    """Makes pools of what was written."""

    def __init__(self, launches: Launches, places: Places) -> None:
        self.launches = launches
        self.resolver = launches.resolver
        self.places = places

    def of(self, written: WrittenPool, after: tuple[str, ...]) -> Pool:
        """Return the pool; `after` has the names of the programs and pools it waits for."""
        table, given, name = written.table, written.given, written.name
        names = {"name": name, "program_name": name, "group_name": name}
        begun = self.launches.begin(given, (written.own,), names)
        directory = os.path.dirname(self.launches.surroundings.supervisor.control_socket)
        return Pool(
            name=name,
            kind=str(table.kind),
            apps=tuple(table.apps),
            workers=written.count,
            threads=int(table.threads),
            timeout=float(table.timeout),
            init_timeout=float(table.init_timeout),
            graceful_timeout=float(table.graceful_timeout),
            socket=self._socket(written, directory, begun.scope),
            socket_mode=int(table.socket_mode),
            socket_group=self.resolver.sharing_group(
                written.own, "socket_group", begun.scope, "socket_mode", table.socket_mode
            ),
            backstage=self._backstage(written, directory),
            max_queue=int(table.max_queue),
            max_message=int(table.max_message),
            max_calls=int(table.max_calls) or None,
            max_calls_jitter=_share(table.max_calls, table.max_calls_jitter),
            max_age=float(table.max_age) or None,
            max_age_jitter=_time_share(table.max_age, table.max_age_jitter),
            max_memory=int(table.max_memory) or None,
            max_memory_jitter=_share(table.max_memory, table.max_memory_jitter),
            on_disconnect=table.on_disconnect,
            serializer=table.serializer,
            hooks=None if table.hooks is None else str(table.hooks),
            launch=replace(begun.launch, target=POOL_WORKER, notify=True),
            policy=policy_of(table),
            autostart=table.autostart,
            after=after,
        )

    def _socket(self, written: WrittenPool, directory: str, scope: Scope) -> str:
        given = written.given.get("socket")
        path = self.resolver.path(given, scope)
        if given is None or path is None:
            path = os.path.join(directory, f"{written.name}.sock")
            if directory and not written.own.holds("socket"):
                self._claim(written, None, path, "the socket")
            return path
        parent = os.path.dirname(path)
        if parent == directory or os.path.isdir(parent):
            self._claim(written, given, path, "the socket")
        else:
            why = f'must be in a directory that exists, which "{parent}" does not; create it'
            self.resolver.refuse(given, why)
        return path

    def _backstage(self, written: WrittenPool, directory: str) -> str:
        path = os.path.join(directory, f"{written.name}.backstage.sock")
        default = os.path.join(directory, f"{written.name}.sock")
        if directory and (written.own.holds("socket") or not why_not_socket(default)):
            self._claim(written, None, path, "the workers' socket")  # else it was told already
        return path

    def _claim(self, written: WrittenPool, given: Given | None, path: str, what: str) -> None:
        """Note what is wrong with a path for a socket; `given` is None where it follows from the names."""
        own = written.own
        owner = self.places.claim(path, f"{what} of [{own.key}]")
        why = why_not_socket(path)
        if given is not None and (why or owner):
            self.resolver.refuse(given, why or f'cannot be "{path}", which is {owner}; name another path')
        elif why:
            why = f"cannot have {what} beside the control socket, because its path {why}"
            self.resolver.problems.add(own.file, own.key, f"{why}; choose shorter names")
        elif owner:
            why = f'cannot have {what} at "{path}", which is {owner}; choose another name'
            self.resolver.problems.add(own.file, own.key, why)


def _share(limit: int, jitter: int | None) -> int:
    return int(limit * JITTER) if jitter is None else int(jitter)


def _time_share(limit: float, jitter: float | None) -> float:
    return limit * JITTER if jitter is None else float(jitter)


def _check_delays(own: Section, table: PoolTable, problems: Problems) -> None:
    longest, delay = table.restart_delay_max, table.restart_delay
    if not longest or longest > delay or "restart_delay" in own.refused:
        return
    given = own.given["restart_delay_max"]
    problems.add(
        given.file,
        given.key,
        f"the delay must grow: restart_delay_max ({Duration(longest).written}s) must be greater than "
        f"restart_delay ({delay.written}s)",
    )
