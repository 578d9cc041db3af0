"""What the deciding half of an arbiter asks the performing half to do. A closed set."""

from msgspec import Struct

from supervisord_lite.pool.routing.calls import Call, Lane, Worker
from supervisord_lite.wire.envelope import Failure


class Fail(Struct, frozen=True):
    """Tell the caller that its call failed; for the caller it is over."""

    call: Call
    client: object
    failure: Failure


class Drop(Struct, frozen=True):
    """The call was queued and never will run: let go of what it holds."""

    call: Call


class Begin(Struct, frozen=True):
    """The call was queued, and this lane has fallen free for it."""

    lane: Lane
    call: Call


class Interrupt(Struct, frozen=True):
    """Ask the worker to end the call."""

    worker: Worker
    call: Call


class HalfClose(Struct, frozen=True):
    """Tell the worker that nothing more comes on this lane."""

    lane: Lane


class Hang(Struct, frozen=True):
    """Close every connection of a worker that is lost."""

    worker: Worker


class AskReplace(Struct, frozen=True):
    """Ask the daemon for a replacement."""

    worker: Worker
    reason: str


class AskAbort(Struct, frozen=True):
    """Ask the daemon to kill the worker and to replace it at once."""

    worker: Worker
    reason: str


class Dismiss(Struct, frozen=True):
    """Close the connection of a client that does not read."""

    call: Call
    client: object


Effect = Fail | Drop | Begin | Interrupt | HalfClose | Hang | AskReplace | AskAbort | Dismiss
