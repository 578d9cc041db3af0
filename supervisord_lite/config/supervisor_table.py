"""The `[supervisor]` table as the operator writes it: every key, its kind, default and meaning, said once."""

from typing import Annotated

from msgspec import Meta, Struct

from supervisord_lite.config.duration import Duration, Span
from supervisord_lite.config.number import Mode
from supervisord_lite.config.text import Account, Level, Path, Paths, Preloads
from supervisord_lite.config.variable import Variable


class SupervisorTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daemon itself, and what all programs share."""

    control_socket: Annotated[
        Path | None,
        Meta(
            description="The unix socket that `supctl` talks to, at most 107 bytes long.",
            extra={
                "default": "`$RUNTIME_DIRECTORY/control.sock`, else "
                "`$XDG_RUNTIME_DIR/app-supervisor/control.sock`, else, as root, "
                "`/run/app-supervisor/control.sock`"
            },
        ),
    ] = None
    control_socket_mode: Annotated[
        Mode,
        Meta(
            description="Permissions of the control socket. Whoever may connect may start and stop "
            "everything."
        ),
    ] = Mode(0o600)
    control_socket_group: Annotated[
        Account | None,
        Meta(
            description="The group that owns the control socket and whose members may use it (with mode"
            " `0660`).",
            extra={"default": "the daemon's group"},
        ),
    ] = None
    preload: Annotated[
        Preloads,
        Meta(
            description="What is imported once, before companions and pool workers are forked, and shared by "
            "them: modules, or `module:callable` to call after the import."
        ),
    ] = Preloads()
    python_path: Annotated[
        Paths, Meta(description="Directories put in front of Python's module search path, in this order.")
    ] = Paths()
    cwd: Annotated[
        Path | None,
        Meta(
            description="The working directory of the daemon, and of companions that give none.",
            extra={"default": "where the daemon was started"},
        ),
    ] = None
    env: Annotated[
        dict[str, Variable],
        Meta(description="Environment variables for every program, on top of the daemon's own."),
    ] = {}
    env_file: Annotated[
        Paths,
        Meta(
            description="Files of environment variables in the form of systemd's `EnvironmentFile=`; "
            "later ones win, `env` wins over all. A path that begins with `-` may be "
            "missing."
        ),
    ] = Paths()
    include: Annotated[
        Paths,
        Meta(
            description="Patterns of further files with `[companions.NAME]` and `[pools.NAME]` tables, "
            "read in sorted order. A pattern that matches nothing is fine."
        ),
    ] = Paths()
    log_level: Annotated[
        Level,
        Meta(
            description="The least severity that the daemon logs: `debug`, `info`, `warning`, `error`, "
            "`critical`."
        ),
    ] = Level("info")
    user: Annotated[
        Account | None,
        Meta(
            description="The user that programs run as, unless they name another.",
            extra={"default": "as root `app-supervisor` if there is such a user, else the daemon's own"},
        ),
    ] = None
    group: Annotated[
        Account | None,
        Meta(
            description="The group that programs run as. A companion that names its own `user` gets "
            "that user's group.",
            extra={"default": "the user's own"},
        ),
    ] = None
    shutdown_timeout: Annotated[
        Span | None,
        Meta(
            description="How long an orderly stop of everything may take before the rest is killed.",
            extra={
                "default": "the longest `stop_timeout` (of a pool: `graceful_timeout` and 5 s) plus "
                "`shutdown_buffer`"
            },
        ),
    ] = None
    shutdown_buffer: Annotated[
        Duration,
        Meta(
            description="What is added to the longest `stop_timeout` where `shutdown_timeout` is not given."
        ),
    ] = Duration(10)
