"""A pool's table as the operator writes it: every key, its kind, default and meaning, said once."""

from typing import Annotated

from msgspec import Meta, Struct

from supervisord_lite.config.app import Apps, Module, PoolKind
from supervisord_lite.config.duration import Duration, Interval, Span
from supervisord_lite.config.number import Calls, MaxRestarts, Mode, Nice, Queue, RlimitPair, Threads, Workers
from supervisord_lite.config.program import OnDisconnect, Serializer
from supervisord_lite.config.size import Limit, MessageSize, Size
from supervisord_lite.config.text import Account, ErrorOutput, Names, Output, Path, Paths
from supervisord_lite.config.variable import Variable


class PoolTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dirty pool: what its workers load, how many there are, and what a call may take."""

    kind: Annotated[
        PoolKind, Meta(description="What the pool is for: `dirty`, calls over a unix socket.")
    ] = PoolKind("dirty")
    apps: Annotated[
        Apps,
        Meta(
            description="The classes that workers load, `module:Class`; `module:Class:N` is loaded by N "
            "workers only, and goes before the class attribute `workers`. At least one is needed.",
        ),
    ] = Apps()
    workers: Annotated[
        Workers,
        Meta(
            description="How many workers there are, named `NAME:1`, `NAME:2` and so on; at least as many "
            "as any app asks for. `supctl scale NAME` changes it at run time.",
            extra={"default": "`1`, or as many as an app in `apps` asks for"},
        ),
    ] = Workers(1)
    threads: Annotated[
        Threads, Meta(description="How many calls, sync or async, one worker takes at a time.")
    ] = Threads(1)
    timeout: Annotated[
        Interval,
        Meta(
            description="How long a call may run, a stream from one chunk to the next, before its worker is "
            "killed, its stacks in the journal, and replaced. `keep_alive()` starts it anew."
        ),
    ] = Interval(300)
    init_timeout: Annotated[
        Span,
        Meta(description="How long a worker may take to import and `init()` its apps before it is killed."),
    ] = Span(300)
    graceful_timeout: Annotated[
        Duration,
        Meta(
            description="How long calls at work may take when their worker is to go; also what a cancelled "
            "call gets to end."
        ),
    ] = Duration(30)
    socket: Annotated[
        Path | None,
        Meta(
            description="The unix socket that clients connect to, at most 107 bytes long. A socket that "
            "systemd hands over under the pool's name (`FileDescriptorName=`) is used instead.",
            extra={"default": "`NAME.sock` beside the control socket"},
        ),
    ] = None
    socket_mode: Annotated[
        Mode,
        Meta(description="Permissions of the socket. Whoever may connect may call every action."),
    ] = Mode(0o600)
    socket_group: Annotated[
        Account | None,
        Meta(
            description="The group that owns the socket, such as a web server's (with mode `0660`).",
            extra={"default": "that of the workers"},
        ),
    ] = None
    max_queue: Annotated[
        Queue,
        Meta(description="How many calls of an app may wait; further ones are refused at once."),
    ] = Queue(1000)
    max_message: Annotated[
        MessageSize, Meta(description="The longest message, call or answer, that is passed on.")
    ] = MessageSize(64 * 2**20)
    max_calls: Annotated[
        Calls,
        Meta(
            description="After how many calls a worker is replaced. The new one is ready before the old one "
            "leaves, here and with `max_age` and `max_memory`."
        ),
    ] = Calls(0)
    max_calls_jitter: Annotated[
        Calls | None,
        Meta(
            description="Up to how many more, drawn for each worker, so that not all leave at once.",
            extra={"default": "10 % of `max_calls`"},
        ),
    ] = None
    max_age: Annotated[Interval, Meta(description="After what time a worker is replaced.")] = Interval(0)
    max_age_jitter: Annotated[
        Duration | None,
        Meta(
            description="Up to how much longer, drawn for each worker.",
            extra={"default": "10 % of `max_age`"},
        ),
    ] = None
    max_memory: Annotated[
        Limit,
        Meta(
            description="From how much memory of its own, beside what it shares with others, a worker is "
            "replaced."
        ),
    ] = Limit(0)
    max_memory_jitter: Annotated[
        Size | None,
        Meta(
            description="Up to how much more, drawn for each worker.",
            extra={"default": "10 % of `max_memory`"},
        ),
    ] = None
    on_disconnect: Annotated[
        OnDisconnect,
        Meta(
            description="What becomes of a call at work when its client leaves: `finish`, or `cancel` (an "
            "async action is cancelled, a sync one interrupted by an exception in its thread, its worker "
            "replaced if that does not end it within `graceful_timeout`). A waiting call is dropped and a "
            "stream closed in either case."
        ),
    ] = OnDisconnect.FINISH
    serializer: Annotated[
        Serializer,
        Meta(
            description="With `pickle`, clients may send and get any Python object. Whoever may connect can "
            "then run any code as the workers' user."
        ),
    ] = Serializer.MSGPACK
    hooks: Annotated[
        Module | None,
        Meta(
            description="A module with any of the functions `on_dirty_starting(arbiter)`, "
            "`dirty_post_fork(arbiter, worker)`, `dirty_worker_init(worker)` and "
            "`dirty_worker_exit(arbiter, worker)`.",
            extra={"default": "none"},
        ),
    ] = None
    cwd: Annotated[
        Path | None,
        Meta(description="The working directory.", extra={"default": "`cwd` of `[supervisor]`"}),
    ] = None
    env: Annotated[
        dict[str, Variable],
        Meta(description="Environment variables, merged on those of `[supervisor]` key by key."),
    ] = {}
    env_file: Annotated[
        Paths,
        Meta(description="Files of environment variables, as in `[supervisor]`; `env` wins over them."),
    ] = Paths()
    user: Annotated[
        Account | None,
        Meta(
            description="The user it runs as; needs a daemon that may change users.",
            extra={"default": "`user` of `[supervisor]`"},
        ),
    ] = None
    group: Annotated[
        Account | None,
        Meta(
            description="The group it runs as.",
            extra={"default": "the user's own, or `group` of `[supervisor]` where `user` is not given"},
        ),
    ] = None
    umask: Annotated[
        Mode | None, Meta(description="The file mode creation mask.", extra={"default": "the daemon's own"})
    ] = None
    nice: Annotated[
        Nice | None,
        Meta(
            description="The scheduling priority, -20 (first) to 19 (last).",
            extra={"default": "the daemon's own"},
        ),
    ] = None
    rlimits: Annotated[
        dict[str, RlimitPair],
        Meta(description="Resource limits of each worker, as a companion's."),
    ] = {}
    autostart: Annotated[bool, Meta(description="Whether it is started with the daemon.")] = True
    after: Annotated[
        Names,
        Meta(
            description="Companions and pools that are started and ready before this one is started, and "
            "stopped after it."
        ),
    ] = Names()
    restart_delay: Annotated[
        Duration,
        Meta(
            description="How long after a failed `init()` or a short life a worker is started again. One "
            "that dies after it has served is replaced at once."
        ),
    ] = Duration(1)
    restart_delay_max: Annotated[
        Interval | None,
        Meta(
            description="The delay doubles with each failure in a row, with some jitter, up to this; it must "
            'be greater than `restart_delay`. `"off"`: it stays the same.',
            extra={"default": "`30`, or `restart_delay` where that is longer"},
        ),
    ] = None
    max_restarts: Annotated[
        MaxRestarts,
        Meta(description="After how many restarts within `restart_window` a worker is given up (FATAL)."),
    ] = MaxRestarts(-1)
    restart_window: Annotated[Span, Meta(description="The time over which `max_restarts` counts.")] = Span(60)
    stdout: Annotated[
        Output | None,
        Meta(
            description="Where the output of arbiter and workers goes, as a companion's.",
            extra={"default": '"journal" where the daemon itself logs to the journal, else "inherit"'},
        ),
    ] = None
    stderr: Annotated[
        ErrorOutput | None,
        Meta(
            description='As `stdout`, or `"stdout"` for the same place as its output.',
            extra={"default": "the same as the default of `stdout`"},
        ),
    ] = None
