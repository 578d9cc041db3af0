"""The forked side: from a copy of the fork server to the program it is to be.

It waits until the daemon has registered it and says who it is to be, sets itself up in an order that the
kernel requires, and works. What fails is told on the channel in a sentence, not in an exit status.
"""

import fcntl
import os
import signal
import socket
from collections.abc import Callable
from typing import NoReturn, TypeVar

from supervisord_lite.linux import descriptors, prctl
from supervisord_lite.wire import frames
from supervisord_lite.wire.launching import Call, Examine, Exec, Setup

from . import work
from .work import tell_failure

T = TypeVar("T")

FREE = 16
"""The channel and received descriptors are moved up to here, so that 0, 1, 2 … are free to be set."""


class SetupError(Exception):
    """One step of the set-up failed; the message says which."""


def live(channel: socket.socket) -> NoReturn:
    """Be the child: read the setup, apply it, work, exit. Never returns."""
    setup, fds = _receive(channel)
    try:
        channel, fds = _step("move its descriptors", lambda: _park(channel, fds))
        _apply(setup, fds)
    except SetupError as error:
        tell_failure(channel, str(error))
        os._exit(1)
    match setup.work:
        case Exec(argv=argv):
            work.execute(argv, setup.env, channel)
        case Call() as call:
            work.call(call, setup, channel)
        case Examine(targets=targets):
            work.examine(targets, setup, channel)


def _receive(channel: socket.socket) -> tuple[Setup, list[int]]:
    reader = frames.Reader(Setup)
    fds: list[int] = []
    while True:
        try:
            data, fresh = descriptors.receive(channel, 65536)
        except descriptors.DescriptorsLost as error:
            tell_failure(channel, str(error))
            os._exit(1)
        if not data:
            os._exit(0)  # the daemon gave this child up before it was anything
        fds += fresh
        for setup in reader.feed(data):
            return setup, fds


def _apply(setup: Setup, fds: list[int]) -> None:
    """Order matters: cgroup and descriptors while privileged, the parent-death signal after the identity."""
    _reset_signals()
    _step("become a session leader", os.setsid)
    if setup.joins_cgroup:
        _step("join its cgroup", lambda: _join(fds.pop(0)))
    _step("set up its descriptors", lambda: _place(fds))
    if setup.umask is not None:
        os.umask(setup.umask)
    identity = setup.identity
    if identity is not None:
        _step("take its groups", lambda: os.setgroups(identity.groups))
        _step(f"become group {identity.gid}", lambda: os.setresgid(identity.gid, identity.gid, identity.gid))
        _step(f"become user {identity.uid}", lambda: os.setresuid(identity.uid, identity.uid, identity.uid))
    cwd = setup.cwd
    if cwd is not None:
        _step(f"change to directory {cwd}", lambda: os.chdir(cwd))
    _step("ask to end with the daemon", lambda: prctl.die_with_parent(signal.SIGKILL))
    if os.getppid() != setup.daemon:
        os._exit(0)  # the daemon ended before the signal was set


def _step(what: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except OSError as error:
        raise SetupError(f"cannot {what}: {error.strerror or error}") from error


def _reset_signals() -> None:
    """Give the child what a fresh process has: nothing blocked, nothing ignored, nothing handled."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _join(procs: int) -> None:
    os.write(procs, b"0")
    os.close(procs)


def _park(channel: socket.socket, fds: list[int]) -> tuple[socket.socket, list[int]]:
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FREE) for fd in (channel.fileno(), *fds)]
    channel.close()
    for fd in fds:
        os.close(fd)
    return socket.socket(fileno=moved[0]), moved[1:]


def _place(fds: list[int]) -> None:
    for number, fd in enumerate(fds):
        os.dup2(fd, number, inheritable=True)
        os.close(fd)
