"""Ending everything a program started, grandchildren that changed their session included.

With delegated control groups the kernel does it. Without them: the process group, the descendants that were
seen before the kill, and orphans that the daemon adopted and that carry the program's mark in their
environment.
"""

import signal
from collections.abc import Collection, Iterable
from typing import Protocol

from supervisord_lite.linux.cgroup import Cgroup, Subtree
from supervisord_lite.linux.kernel import Kernel

from . import environment
from .child import Child
from .environment import COOKIE


class Trees(Protocol):
    """How whole trees are found and ended."""

    def plant(self, name: str) -> Cgroup | None:
        """Make what a new process of this program is to live in. Raises `OSError`."""

    def survey(self, child: Child) -> None:
        """Remember what is below the process while it still lives: it is about to be asked to end."""

    def leave(self, child: Child) -> None:
        """Its main process has ended and is not reaped yet: kill what only its pid can name."""

    def kill(self, child: Child) -> None:
        """SIGKILL to everything of it that can be found."""

    def uproot(self, children: Collection[Child], mains: Collection[int]) -> list[Child]:
        """Of these, whose main process is gone, those with nothing left. Kills what is left of the others.

        `mains` are the main processes that live.
        """


class CgroupTrees:
    """By control group: `cgroup.kill`, then the group is removed."""

    def __init__(self, subtree: Subtree) -> None:
        self._subtree = subtree

    def plant(self, name: str) -> Cgroup:
        group = self._subtree.group(name)
        group.create()
        return group

    def survey(self, child: Child) -> None:
        """The kernel knows."""

    def leave(self, child: Child) -> None:
        """The group outlives its processes."""

    def kill(self, child: Child) -> None:
        if child.cgroup is not None:
            child.cgroup.kill()

    def uproot(self, children: Collection[Child], mains: Collection[int]) -> list[Child]:
        return [child for child in children if self._is_gone(child)]

    def _is_gone(self, child: Child) -> bool:
        if child.cgroup is None or child.cgroup.remove():
            return True
        child.cgroup.kill()
        return False


class GroupTrees:
    """By process group, survey and mark."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def plant(self, name: str) -> None:
        return None

    def survey(self, child: Child) -> None:
        child.known_tree.update(self._kernel.descendants(child.pid))

    def leave(self, child: Child) -> None:
        # As long as it is not reaped nobody else can have its pid, nor a group of that number.
        self._kernel.send_group(child.pid, signal.SIGKILL)

    def kill(self, child: Child) -> None:
        if child.reaped is None:  # or its pid may be another's
            self.survey(child)
            self._kernel.send_group(child.pid, signal.SIGKILL)
        self._kill_each(self._survivors(child))

    def uproot(self, children: Collection[Child], mains: Collection[int]) -> list[Child]:
        orphans = self._orphans({child.cookie for child in children}, mains)
        gone: list[Child] = []
        for child in children:
            left = self._survivors(child) | orphans.get(child.cookie, set())
            self._kill_each(left)
            if not left and not self._kernel.send_group(child.pid, 0):
                gone.append(child)
        return gone

    def _survivors(self, child: Child) -> set[int]:
        tree = child.known_tree
        return {pid for pid, started in tree.items() if self._kernel.start_time(pid) == started}

    def _orphans(self, cookies: set[str], mains: Collection[int]) -> dict[str, set[int]]:
        """Adopted children of ours by the mark they carry, for the marks asked for."""
        found: dict[str, set[int]] = {}
        for pid in self._kernel.children().difference(mains):
            mark = self._mark(pid)
            if mark in cookies:
                found.setdefault(mark, set()).add(pid)
        return found

    def _mark(self, pid: int) -> str:
        """The cookie in its environment, or in the title of what was forked from a target without exec."""
        name = environment.named_by(self._kernel.title(pid))
        if name is not None:
            return name
        prefix = f"{COOKIE}=".encode()
        for entry in self._kernel.environment(pid).split(b"\0"):
            if entry.startswith(prefix):
                return entry.removeprefix(prefix).decode(errors="replace")
        return ""

    def _kill_each(self, pids: Iterable[int]) -> None:
        for pid in pids:
            self._kernel.send(pid, signal.SIGKILL)
