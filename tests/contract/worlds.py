"""Two worlds with the same processes in them: one that a fake kernel made up, and the real one."""

import ctypes
import os
import resource
import select
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from supervisord_lite.linux import prctl
from supervisord_lite.linux.kernel import Kernel, Linux
from tests.fakes.forked import DEADLINE, wait_for_end
from tests.fakes.kernel import DIES, IGNORES, FakeKernel, Reaction

PR_SET_CHILD_SUBREAPER = 36


class World(Protocol):
    """What a contract test needs of the world besides the kernel."""

    kernel: Kernel

    def child(self, on: Mapping[int, Reaction] | None = None, cookie: str = "") -> int:
        """A living child that leads its own group and reacts to signals as scripted."""

    def grandchild(self, child: int, *, own_group: bool = False) -> int:
        """A process that the child has started."""

    def let_exit(self, child: int, code: int) -> None:
        """The child ends by itself; returns when it has."""

    def wait_for_end(self, pid: int) -> None:
        """Return when the child has ended, which is not reaped by it."""

    def limit_of(self, pid: int, name: str) -> tuple[int, int]:
        """The limit of this lower-case name that the process has."""

    def nice_of(self, pid: int) -> int:
        """The nice value that the process has."""


class FakeWorld:
    """The one that is made up."""

    def __init__(self) -> None:
        self.kernel = FakeKernel()
        self._next = 100

    def child(self, on: Mapping[int, Reaction] | None = None, cookie: str = "") -> int:
        self._next += 1
        env = f"HOME=/\0COOKIE={cookie}\0".encode()
        return self.kernel.spawn(self._next, on=on, env=env, title="sh -c the script").pid

    def grandchild(self, child: int, *, own_group: bool = False) -> int:
        self._next += 1
        return self.kernel.spawn(self._next, parent=child, group=None if own_group else child).pid

    def let_exit(self, child: int, code: int) -> None:
        self.kernel.end(child, code)

    def wait_for_end(self, pid: int) -> None:
        assert not self.kernel.processes[pid].lives

    def limit_of(self, pid: int, name: str) -> tuple[int, int]:
        return self.kernel.limits[pid, name]

    def nice_of(self, pid: int) -> int:
        return self.kernel.nice_values[pid]

    def close(self) -> None:
        """Nothing of it was ever there."""


SCRIPT = """
spawn() { $1 sh -c 'echo $$; exec sleep 60' & }
echo ready
while :; do
    read -r word rest || continue
    case $word in exit) exit $rest;; spawn) spawn $rest;; esac
done
"""


class RealWorld:
    """This one. Its children are shells that do as they are told on their standard input."""

    def __init__(self) -> None:
        self.kernel = Linux()
        self._shells: dict[int, subprocess.Popen[bytes]] = {}
        self._others: list[int] = []
        prctl.become_subreaper()

    def child(self, on: Mapping[int, Reaction] | None = None, cookie: str = "") -> int:
        traps = "".join(map(_trap, (on or {}).items()))
        shell = subprocess.Popen(
            ["/bin/sh", "-c", traps + SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "COOKIE": cookie},
            start_new_session=True,
            bufsize=0,
        )
        self._shells[shell.pid] = shell
        assert self._line(shell) == "ready"
        return shell.pid

    def grandchild(self, child: int, *, own_group: bool = False) -> int:
        shell = self._shells[child]
        assert shell.stdin is not None
        shell.stdin.write(b"spawn setsid\n" if own_group else b"spawn\n")
        pid = int(self._line(shell))
        self._others.append(pid)
        return pid

    def let_exit(self, child: int, code: int) -> None:
        stdin = self._shells[child].stdin
        assert stdin is not None
        stdin.write(f"exit {code}\n".encode())
        wait_for_end(child)

    def wait_for_end(self, pid: int) -> None:
        wait_for_end(pid)

    def limit_of(self, pid: int, name: str) -> tuple[int, int]:
        return resource.prlimit(pid, getattr(resource, f"RLIMIT_{name.upper()}"))

    def nice_of(self, pid: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, pid)

    def close(self) -> None:
        """End everything that is left, and reap it."""
        for shell in self._shells.values():
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.returncode = 0  # it is reaped below, if not by the test
            for pipe in (shell.stdin, shell.stdout):
                assert pipe is not None
                pipe.close()
        for pid in (*self._shells, *self._others):
            with suppress(ChildProcessError, ProcessLookupError):
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # is it ours?
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0

    def _line(self, shell: subprocess.Popen[bytes]) -> str:
        assert shell.stdout is not None
        assert select.select([shell.stdout], [], [], DEADLINE)[0], "the shell says nothing"
        return shell.stdout.readline().decode().strip()


def _trap(reaction: tuple[int, Reaction]) -> str:
    number, what = reaction
    if what == DIES:
        return ""
    return f"trap '' {number}\n" if what == IGNORES else f"trap 'exit {what}' {number}\n"
