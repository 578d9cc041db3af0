"""What the operator wants done with one program's life: the part of its definition that needs no new process.

Every duration is in seconds. A change of policy is applied to a running program in place.
"""

from enum import StrEnum

from msgspec import Struct


class Restart(StrEnum):
    """Which exits of a program that should be up are followed by a restart (systemd.service(5), Restart=)."""

    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NEVER = "never"


class Policy(Struct, frozen=True, kw_only=True):
    """How a program becomes ready, is stopped, and is restarted."""

    startsecs: float = 1.0
    notify: bool = False
    ready_timeout: float = 60.0
    ready_key: str = "ready_timeout"
    """The key by which the operator knows `ready_timeout`."""
    watchdog_sec: float | None = None
    stop_signal: int = 15
    stop_timeout: float = 60.0
    reload_timeout: float = 60.0
    reload_signal: int | None = None
    restart: Restart = Restart.ALWAYS
    success_exit_codes: tuple[int, ...] = (0,)
    permanent_exit_codes: tuple[int, ...] = ()
    restart_delay: float = 5.0
    restart_delay_max: float | None = None
    max_restarts: int | None = None
    restart_window: float = 60.0
    restart_at_once: bool = False
    """Whether one that was ready for `startsecs` is started again without a delay, whatever ended it."""
    late_signal: int | None = None
    """What it gets that is not ready in time; None: its stop signal."""
