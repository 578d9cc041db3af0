"""The exit status of `supctl`: what each number means, and which error has which. The one place for both."""

from supervisord_lite.control.client import ControlError, TimedOut, Unreachable

DONE = 0
FAILED = 1
USAGE = 2
NOT_RUNNING = 3
UNREACHABLE = 4
TIMED_OUT = 5
INTERRUPTED = 130

MEANING = {
    DONE: "done",
    FAILED: "refused or failed",
    USAGE: "wrong usage",
    NOT_RUNNING: "a named program is not running",
    UNREACHABLE: "the daemon is not reachable",
    TIMED_OUT: "timed out waiting",
    INTERRUPTED: "interrupted (Ctrl-C)",
}


def status_of(error: ControlError) -> int:
    """The exit status for an error of the control client."""
    if isinstance(error, Unreachable):
        return UNREACHABLE
    if isinstance(error, TimedOut):
        return TIMED_OUT
    return FAILED
