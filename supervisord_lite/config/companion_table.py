"""A companion's table as the operator writes it: every key, its kind, default and meaning, said once."""

from typing import Annotated

from msgspec import Meta, Struct

from supervisord_lite.config.duration import Duration, Interval, Span, Timeout
from supervisord_lite.config.number import ExitCodes, Instances, MaxRestarts, Mode, Nice, RlimitPair
from supervisord_lite.config.signals import MaybeSignal, Signal
from supervisord_lite.config.text import Account, Command, ErrorOutput, Names, Output, Path, Paths, Target
from supervisord_lite.config.variable import Variable
from supervisord_lite.model.policy import Restart


class CompanionTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One companion: what to run, as whom, and what to do when it ends."""

    target: Annotated[
        Target | None,
        Meta(
            description="A Python callable, `module:callable`, called without arguments in a process "
            "forked from the preloaded interpreter; it is expected to block. Either this or"
            " `command` is needed.",
            extra={"default": "none"},
        ),
    ] = None
    command: Annotated[
        Command | None,
        Meta(
            description="A program and its arguments: a list, or a string that is split as a shell "
            "splits words. No shell is started. The program is looked up on the `PATH` it "
            "will have. Either this or `target` is needed.",
            extra={"default": "none"},
        ),
    ] = None
    cwd: Annotated[
        Path | None,
        Meta(description="The working directory.", extra={"default": "`cwd` of `[supervisor]`"}),
    ] = None
    env: Annotated[
        dict[str, Variable],
        Meta(description="Environment variables, merged on the inherited ones key by key."),
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
        Meta(
            description="Resource limits by their names in getrlimit(2), such as `nofile`, `core`, "
            '`nproc`: one value for both limits or `"soft:hard"`; sizes such as `"1G"` '
            'count base 1024; `"infinity"` for none.'
        ),
    ] = {}
    autostart: Annotated[bool, Meta(description="Whether it is started with the daemon.")] = True
    instances: Annotated[
        Instances,
        Meta(
            description="How many of it run. With more than one they are named `NAME:1`, `NAME:2` and so on."
        ),
    ] = Instances(1)
    after: Annotated[
        Names,
        Meta(
            description="Companions and pools that are started and ready before this one is started, and "
            "stopped after it."
        ),
    ] = Names()
    startsecs: Annotated[
        Duration, Meta(description="How long it has to stay up to count as started (without `notify`).")
    ] = Duration(1)
    notify: Annotated[
        bool,
        Meta(
            description="Whether it says itself when it is ready, by sd_notify(3) (`READY=1` to "
            "`NOTIFY_SOCKET`)."
        ),
    ] = False
    ready_timeout: Annotated[
        Span,
        Meta(
            description="With `notify`: how long it may take to get ready before it is killed and tried"
            " again."
        ),
    ] = Span(60)
    watchdog_sec: Annotated[
        Interval,
        Meta(
            description="With `notify`: it is killed and restarted when `WATCHDOG=1` stays away this "
            "long. It finds the time in `WATCHDOG_USEC`."
        ),
    ] = Interval(0)
    stop_signal: Annotated[Signal, Meta(description="The signal that asks it to stop.")] = Signal(15)
    stop_timeout: Annotated[
        Timeout,
        Meta(description="How long it may take to stop before it is killed with everything it started."),
    ] = Timeout(60)
    reload_timeout: Annotated[
        Timeout, Meta(description="How long a restart waits for the old process to exit before it is killed.")
    ] = Timeout(60)
    reload_signal: Annotated[
        MaybeSignal,
        Meta(
            description="The signal that `supctl reload NAME` sends; without one it restarts the companion."
        ),
    ] = MaybeSignal(0)
    restart: Annotated[
        Restart,
        Meta(
            description="After which exits it is started again: `always`, `on-failure` (a signal, or a "
            "code that is not in `success_exit_codes`), or `never`."
        ),
    ] = Restart.ALWAYS
    success_exit_codes: Annotated[
        ExitCodes,
        Meta(
            description="The exit codes that are no failure. The list replaces the default: name 0 as well."
        ),
    ] = ExitCodes((0,))
    permanent_exit_codes: Annotated[
        ExitCodes,
        Meta(description="Exit codes after which it is never started again, whatever `restart` says."),
    ] = ExitCodes()
    restart_delay: Annotated[Duration, Meta(description="How long after a failure it is started again.")] = (
        Duration(5)
    )
    restart_delay_max: Annotated[
        Interval,
        Meta(
            description="If given, the delay doubles with each failure in a row, with some jitter, up "
            "to this; it must be greater than `restart_delay`."
        ),
    ] = Interval(0)
    max_restarts: Annotated[
        MaxRestarts,
        Meta(description="After how many restarts within `restart_window` it is given up (state FATAL)."),
    ] = MaxRestarts(-1)
    restart_window: Annotated[Span, Meta(description="The time over which `max_restarts` counts.")] = Span(60)
    stdout: Annotated[
        Output | None,
        Meta(
            description='Where its output goes: `"journal"`, `"inherit"` (as the daemon\'s own), or a '
            "file, which is opened for append, and opened anew when the daemon receives "
            "SIGUSR1.",
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
