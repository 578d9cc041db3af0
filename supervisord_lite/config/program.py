"""What a configuration comes to: one frozen, complete, validated value.

Nothing here refers to the file's spelling any more: names are expanded, paths absolute, defaults filled in,
durations in seconds (`math.inf` where a limit is off). Equality of `Launch` decides whether a running program
must be replaced.
"""

from enum import StrEnum

from msgspec import Struct

from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.policy import Policy

POOL_WORKER = "supervisord_lite.pool.worker:main"
"""The target of every worker of a dirty pool."""

DEFAULT_POOL = "dirty"


class Rlimit(Struct, frozen=True):
    """A soft and a hard resource limit as setrlimit(2) takes them; -1 is infinity."""

    soft: int
    hard: int


class Launch(Struct, frozen=True, kw_only=True):
    """Everything about a program that only a new process can take on.

    Exactly one of `target` ("module:callable") and `command` is set. `env` is what the configuration gives,
    merged over all its layers; the daemon's own environment is added at launch. `user` and `group` are names
    or numbers as written, None for the daemon's own identity (`group` None with a `user`: the user's own
    group). `rlimits` has the lower-case names of getrlimit(2) without their prefix. `stdout` and `stderr` are
    "journal", "inherit", an absolute path, None for the daemon's choice, and for `stderr` also "stdout".
    """

    target: str | None = None
    command: tuple[str, ...] | None = None
    cwd: str | None = None
    env: dict[str, str]
    user: str | None = None
    group: str | None = None
    umask: int | None = None
    nice: int | None = None
    rlimits: dict[str, Rlimit]
    stdout: str | None = None
    stderr: str | None = None
    notify: bool = False


class Program(Struct, frozen=True, kw_only=True):
    """One instance of a companion. `after` has the names of the programs and pools it is started after."""

    name: str
    group: str
    instance: int
    launch: Launch
    policy: Policy
    autostart: bool
    after: tuple[str, ...]


class OnDisconnect(StrEnum):
    """What becomes of a call at work when its client leaves."""

    FINISH = "finish"
    CANCEL = "cancel"


class Serializer(StrEnum):
    """What calls of our own client may be packed with: MSGPACK alone, or also PICKLE."""

    MSGPACK = "msgpack"
    PICKLE = "pickle"


class Pool(Struct, frozen=True, kw_only=True):
    """One dirty pool. Seconds and bytes; `timeout` 0.0 is off, as is None for a `max_...`.

    `workers` is the number wanted: the file's, or the one set at run time, and never below what `apps` ask
    for; what their class attributes ask for is not known here. `socket` and `backstage` are absolute paths.
    A worker leaves at a limit plus something between 0 and its jitter. `hooks` is a module.
    `launch` is that of a worker, without what is different for each (SUPERVISOR_WORKER in `env`), `policy`
    that of a worker, and `after` has names of programs and of pools.
    """

    name: str
    kind: str = "dirty"
    apps: tuple[AppSpec, ...]
    workers: int = 1
    threads: int = 1
    timeout: float = 300.0
    init_timeout: float = 300.0
    graceful_timeout: float = 30.0
    socket: str
    socket_mode: int = 0o600
    socket_group: str | None = None
    backstage: str
    max_queue: int = 1000
    max_message: int = 64 * 2**20
    max_calls: int | None = None
    max_calls_jitter: int = 0
    max_age: float | None = None
    max_age_jitter: float = 0.0
    max_memory: int | None = None
    max_memory_jitter: int = 0
    on_disconnect: OnDisconnect = OnDisconnect.FINISH
    serializer: Serializer = Serializer.MSGPACK
    hooks: str | None = None
    launch: Launch
    policy: Policy
    autostart: bool = True
    after: tuple[str, ...] = ()


class Stash(Struct, frozen=True, kw_only=True):
    """The daemon's key-value store: a directory (absolute path), its limit in bytes, and who may use it.

    `mode` is that of its files; the directory has the same bits, and may be searched by whoever may read.
    """

    path: str
    size: int = 256 * 2**20
    persist: bool = False
    mode: int = 0o600
    group: str | None = None

    @property
    def directory_mode(self) -> int:
        """The permissions of the directory: those of the files, and search for those who may read."""
        return self.mode | (self.mode & 0o444) >> 2


class Supervisor(Struct, frozen=True, kw_only=True):
    """What concerns the daemon itself. Paths are absolute; `env` has the environment files merged in.

    `include` holds absolute patterns. `shutdown_timeout` None: the longest `stop_timeout` plus
    `shutdown_buffer`.
    """

    control_socket: str
    control_socket_mode: int
    control_socket_group: str | None
    preload: tuple[str, ...]
    python_path: tuple[str, ...]
    cwd: str | None
    env: dict[str, str]
    include: tuple[str, ...]
    log_level: str
    user: str | None
    group: str | None
    shutdown_timeout: float | None
    shutdown_buffer: float


class Configuration(Struct, frozen=True, kw_only=True):
    """A whole configuration: the file, every file it came from, and what they define in their order.

    `texts` is what the files held when they were read, and `instances` has every companion with the number of
    its instances, which may be 0. `programs` are those of companions; their `after` may name pools.
    """

    file: str
    files: tuple[str, ...]
    texts: dict[str, bytes]
    supervisor: Supervisor
    instances: dict[str, int]
    programs: dict[str, Program]
    pools: dict[str, Pool]
    stash: Stash

    @property
    def default_pool(self) -> Pool | None:
        """The pool that is meant where none is named: the one called "dirty", or the only one."""
        only = next(iter(self.pools.values())) if len(self.pools) == 1 else None
        return self.pools.get(DEFAULT_POOL, only)
