"""The forked side: from a copy of the fork server to the program it is to be.

It waits until the daemon has registered it and says who it is to be, sets itself up in an order that the
kernel requires, and works. What fails is told on the channel in a sentence, not in an exit status.
"""

import fcntl
import os
import signal
import socket
from collections.abc import Callable

from supervisord_lite.linux import descriptors, prctl
from supervisord_lite.wire.orders import EXEC, LENGTH, Setup

from . import telling

FREE = 16
"""The channel and received descriptors are moved up to here, so that 0, 1, 2 … are free to be set."""

_SETTABLE = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class SetupError(Exception):
    """One step of the set-up failed; the message says which."""


def changed_signals() -> tuple[int, ...]:
    """The signals that this process ignores or handles: what a child has to reset (signal(7))."""
    return tuple(int(n) for n in _SETTABLE if signal.getsignal(n) is not signal.SIG_DFL)


def live(channel: socket.socket, changed: tuple[int, ...]) -> None:
    """Be the child: read the setup, apply it, work, exit. Never returns.

    `changed` are the signals that the fork server does not have at their defaults.
    """
    setup, fds = _receive(channel)
    try:
        channel, fds = _park(channel, fds)
        _reset_signals(changed)
        _apply(setup, fds)
    except SetupError as error:
        telling.tell(channel, telling.failed(str(error)))
        os._exit(1)
    if setup.work == EXEC:
        _execute(setup, channel)
    else:
        from . import targets  # a zygote has it imported; the spawner never comes here

        targets.work(setup, channel)


def _receive(channel: socket.socket) -> tuple[Setup, list[int]]:
    data = b""
    fds: list[int] = []
    while True:
        try:
            more, fresh = descriptors.receive(channel, 65536)
        except descriptors.DescriptorsLost as error:
            telling.tell(channel, telling.failed(str(error)))
            os._exit(1)
        if not more:
            os._exit(0)  # the daemon gave this child up before it was anything
        data += more
        fds += fresh
        if len(data) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack(data[: LENGTH.size])[0]
            if len(data) >= end:
                return Setup.decode(data[LENGTH.size : end]), fds


def _apply(setup: Setup, fds: list[int]) -> None:
    """Order matters: descriptors while privileged, the parent-death signal after the identity."""
    _step("become a session leader", os.setsid)
    _step("set up its descriptors", lambda: _place(fds))
    for name, soft, hard in setup.limits:
        _limit(name, soft, hard)
    if setup.umask is not None:
        os.umask(setup.umask)
    if setup.identity is not None:
        uid, gid, groups = setup.identity
        _step(
            f"take the groups of user {uid}, for which the daemon has to be root",
            lambda: os.setgroups(groups),
        )
        _step(f"become group {gid}", lambda: os.setresgid(gid, gid, gid))
        _step(f"become user {uid}", lambda: os.setresuid(uid, uid, uid))
    cwd = setup.cwd
    if cwd is not None:
        _step(f"change to directory {cwd}", lambda: os.chdir(cwd))
    _step("ask to end with the daemon", lambda: prctl.die_with_parent(signal.SIGKILL))
    if os.getppid() != setup.daemon:
        os._exit(0)  # the daemon ended before the signal was set


def _step(what: str, action: Callable[[], object]) -> None:
    try:
        action()
    except OSError as error:
        raise SetupError(f"cannot {what}: {error.strerror or error}") from error


def _reset_signals(changed: tuple[int, ...]) -> None:
    """Give the child what a fresh process has: nothing blocked, nothing ignored, nothing handled."""
    signal.set_wakeup_fd(-1)
    for number in changed:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _park(channel: socket.socket, fds: list[int]) -> tuple[socket.socket, list[int]]:
    try:
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FREE) for fd in (channel.fileno(), *fds)]
    except OSError as error:
        raise SetupError(f"cannot move its descriptors: {error.strerror}") from error
    channel.close()
    for fd in fds:
        os.close(fd)
    return socket.socket(fileno=moved[0]), moved[1:]


def _limit(name: str, soft: int, hard: int) -> None:
    import resource  # seldom: the daemon does it from outside where it has the capability

    try:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (soft, hard))
    except (OSError, ValueError) as error:
        raise SetupError(f"cannot set rlimits.{name} to {soft}:{hard}: {error}") from error


def _place(fds: list[int]) -> None:
    for number, fd in enumerate(fds):
        os.dup2(fd, number, inheritable=True)
        os.close(fd)


def _execute(setup: Setup, channel: socket.socket) -> None:
    """Become the command; the channel closes with it, and that is how the daemon knows (execve(2))."""
    name = setup.arguments[0]
    try:
        os.execvpe(name, setup.arguments, setup.env)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        telling.tell(channel, telling.failed(f"cannot execute {name}: {reason}"))
    os._exit(127)
