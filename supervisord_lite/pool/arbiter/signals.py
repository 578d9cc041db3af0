"""What an arbiter does at which signal: none of them ends it by its default action, and the calls with it."""

import signal
from collections.abc import Mapping

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

SCALE: Mapping[int, int] = {signal.SIGTTIN: +1, signal.SIGTTOU: -1}

INSTEAD: Mapping[int, str] = {
    signal.SIGHUP: "`supctl reread` follows a changed configuration, `supctl restart` starts new workers",
    signal.SIGUSR1: "the daemon writes the log and rotates it by itself",
    signal.SIGUSR2: "`supctl restart` starts new workers",
    signal.SIGALRM: "nothing here waits for it",
}
"""What people who move from elsewhere send, or programs by mistake; and what they should use."""

CAUGHT = (*STOP, *map(signal.Signals, (*SCALE, *INSTEAD)))


def ignored(number: int) -> str:
    """A line for one of `INSTEAD`."""
    return f"{signal.Signals(number).name} does nothing here: {INSTEAD[number]}"
