"""What a configuration comes to: one frozen, complete, validated value.

Nothing here refers to the file's spelling any more: names are expanded, paths absolute, defaults filled in,
durations in seconds (`math.inf` where a limit is off). Equality of `Launch` decides whether a running program
must be replaced.
"""

from msgspec import Struct

from supervisord_lite.model.policy import Policy


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
    """One instance of a companion. `after` holds the names of the instances it is started after."""

    name: str
    companion: str
    instance: int
    launch: Launch
    policy: Policy
    autostart: bool
    after: tuple[str, ...]


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
    """A whole configuration: the file, every file it came from, and the programs in the order of the file.

    `texts` is what the files held when they were read, and `instances` has every companion with the number of
    its instances, which may be 0.
    """

    file: str
    files: tuple[str, ...]
    texts: dict[str, bytes]
    supervisor: Supervisor
    instances: dict[str, int]
    programs: dict[str, Program]
