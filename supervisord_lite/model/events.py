"""What can happen to a program, and what a step of its life can ask for: two closed sets of frozen types."""

from msgspec import Struct

from .exits import Exit
from .states import Cause

# Events: what has happened. A closed set; `classify` handles each.


class Start(Struct, frozen=True):
    """Somebody wants it up."""


class Stop(Struct, frozen=True):
    """Somebody wants it down."""

    cause: Cause = Cause.STOP


class Again(Struct, frozen=True):
    """Somebody wants a new process."""

    cause: Cause = Cause.RESTART


class Launched(Struct, frozen=True):
    """Its process exists and has been set up."""


class Ready(Struct, frozen=True):
    """It said READY=1."""


class Ping(Struct, frozen=True):
    """It said WATCHDOG=1."""


class Trip(Struct, frozen=True):
    """It said WATCHDOG=trigger."""


class Abort(Struct, frozen=True):
    """Somebody who knows says that it is beyond help; `why` is in brackets where its end is explained."""

    why: str


class Leaving(Struct, frozen=True):
    """It said STOPPING=1."""


class Extend(Struct, frozen=True):
    """It said EXTEND_TIMEOUT_USEC."""

    seconds: float


class Asked(Struct, frozen=True):
    """Its stop signal has been sent: the time to obey begins."""


class Ended(Struct, frozen=True):
    """Nothing of it is left: its process and its tree are gone, or none could be started."""

    exit: Exit


class Due(Struct, frozen=True):
    """The deadline of its life has passed."""


Event = Start | Stop | Again | Launched | Ready | Ping | Trip | Abort | Leaving | Extend | Asked | Ended | Due

# Effects: what is to be done. A closed set; the supervisor performs each.


class Launch(Struct, frozen=True):
    """Start its process, as soon as what it comes after is ready."""


class Terminate(Struct, frozen=True):
    """Send this signal to its process, as soon as what comes after it has stopped."""

    signal: int


class Kill(Struct, frozen=True):
    """Send SIGKILL to its whole tree."""


Effect = Launch | Terminate | Kill
