"""The words for where a program is, what the operator wants of it, and why the daemon ended it."""

from enum import StrEnum


class State(StrEnum):
    """Where a program is; the first five as supervisorctl's users know them."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    FATAL = "FATAL"
    EXITED = "EXITED"


class Wanted(StrEnum):
    """What the operator wants, kept apart from what is."""

    UP = "up"
    DOWN = "down"


class Cause(StrEnum):
    """Why the daemon asked a process to end. Its value reads after "because of"."""

    STOP = "stop"
    RESTART = "restart"
    REREAD = "reread"
    REMOVED = "removal from the configuration"
    SCALE = "scale"
    SHUTDOWN = "shutdown"
    READY_TIMEOUT = "ready_timeout"
    WATCHDOG = "watchdog_sec"
    LEAVING = "its own STOPPING=1"
    REPLACED = "replacement"
    ABORTED = "a call that did not end"


FAULTS = frozenset({Cause.READY_TIMEOUT, Cause.WATCHDOG, Cause.ABORTED})
"""Causes that are the program's fault: its end counts as a failure."""


class Trigger(StrEnum):
    """What an event means for a program in the state it is in: the columns of the transition table."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    LAUNCHED = "launched"
    READY = "ready"
    LATE = "not ready in time"
    SILENT = "watchdog missed"
    LEAVING = "stopping by itself"
    ASKED = "asked to stop"
    ESCALATE = "stop timed out"
    EXTEND = "more time"
    PING = "alive"
    ABORT = "aborted"
    RETRY = "retry"
    BACK_OFF = "ended, to be restarted"
    REPLACE = "ended, to be replaced at once"
    FINISH = "ended, not to be restarted"
    GIVE_UP = "ended too often"
    ENDED = "stopped"
    AGAIN = "stopped, to be started again"
