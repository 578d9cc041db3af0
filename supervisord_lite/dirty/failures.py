"""What goes wrong on a connection, told as errors of `dirty.errors`: what failed, where, and what to do."""

import errno

from supervisord_lite.dirty.errors import (
    DirtyConnectionError,
    DirtyError,
    DirtyProtocolError,
    DirtyTimeoutError,
)
from supervisord_lite.wire.errors import WireError

ENDED = "Its daemon may be stopping, or its arbiter was restarted; see `supctl status`."

_REASONS = {
    errno.ENOENT: "there is no such socket; see by `supctl status` if the daemon runs and has the pool.",
    errno.ECONNREFUSED: "nobody listens there; see by `supctl status` if the daemon runs.",
    errno.EACCES: "permission denied; join the pool's `socket_group`, or change its `socket_mode`.",
    errno.EMFILE: "too many open files; raise this process's limit, or let it make fewer calls at a time.",
}


def told(error: BaseException, path: str, what: str, timeout: float | None) -> BaseException:
    """The error to raise for one that came up during a call (`what`); itself where it is none of ours."""
    if isinstance(error, DirtyError):
        return error
    if isinstance(error, TimeoutError | BlockingIOError):
        return late(what, timeout)
    if isinstance(error, EOFError | ConnectionError):
        return lost(path, what)
    if isinstance(error, WireError):
        return DirtyProtocolError(
            f"The pool at {path} broke the protocol while it had the call {what}: {error}."
        )
    if isinstance(error, OSError):
        return DirtyConnectionError(f"The call {what} to {path} failed: {error}.", path)
    return error


def late(what: str, timeout: float | None) -> DirtyTimeoutError:
    """No answer to a call within its time."""
    return DirtyTimeoutError(
        f"No answer to {what} within {timeout:g} s; see by `supctl status` what the pool is at, "
        "or give the call a longer timeout.",
        timeout,
    )


def late_chunk(what: str, timeout: float | None) -> DirtyTimeoutError:
    """A stream has paused for too long."""
    return DirtyTimeoutError(
        f"No chunk from {what} within {timeout:g} s; see by `supctl status` what the pool is at, "
        "or give the stream a longer timeout.",
        timeout,
    )


def late_end(what: str, total: float | None) -> DirtyTimeoutError:
    """A stream as a whole has taken too long."""
    return DirtyTimeoutError(f"The stream from {what} did not end within its total of {total:g} s.", total)


def lost(path: str, what: str) -> DirtyConnectionError:
    """The pool hung up."""
    return DirtyConnectionError(
        f"The pool at {path} hung up while it had the call {what}, which may have run and is not repeated. "
        f"{ENDED}",
        path,
    )


def unreachable(path: str, error: OSError) -> DirtyConnectionError:
    """No connection could be made."""
    reason = _REASONS.get(error.errno or 0, f"{error}.")
    return DirtyConnectionError(f"Cannot connect to the dirty pool at {path}: {reason}", path)


def refused(path: str) -> DirtyConnectionError:
    """A new connection was closed before the call could be sent."""
    return DirtyConnectionError(
        f"The pool at {path} hung up before it had the whole call, which did not run. {ENDED}", path
    )


def streamed(what: str) -> DirtyProtocolError:
    """A stream came in answer to `execute`."""
    return DirtyProtocolError(f"{what} answered with a stream; call it with stream() or stream_async().")
