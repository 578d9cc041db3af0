"""Control groups, version 2, where systemd has delegated a subtree: cgroups(7), systemd's CGROUP_DELEGATION.

The daemon moves itself into a leaf, because a group with children may hold no processes once controllers are
on, and gives every program a group beside it. Ending a group ends everything a program ever started.
"""

import contextlib
import os
from pathlib import Path

LEAF = "supervisor"
"""The daemon's own group, below the delegated one."""


def delegated(mount: Path = Path("/sys/fs/cgroup"), process: Path = Path("/proc/self/cgroup")) -> Path | None:
    """The group of this process, where it was delegated to it; else None.

    systemd marks a delegated group with the attribute user.delegate (trusted.delegate for root).
    """
    with contextlib.suppress(OSError):
        for line in process.read_text().splitlines():
            if line.startswith("0::"):
                group = mount / line[3:].lstrip("/")
                if group.name == LEAF and _is_marked(group.parent):
                    group = group.parent  # a daemon that replaced itself in place
                return group if _is_marked(group) and os.access(group / "cgroup.procs", os.W_OK) else None
    return None


def _is_marked(group: Path) -> bool:
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(group, name) == b"1":
                return True
    return False


class Cgroup:
    """One group. Every method tolerates that it is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"<Cgroup {self.path}>"

    def create(self) -> None:
        """Make it. Raises `OSError`."""
        with contextlib.suppress(FileExistsError):
            self.path.mkdir()

    def join(self) -> None:
        """Move this process into it. Raises `OSError`."""
        (self.path / "cgroup.procs").write_text("0")

    def add(self, pid: int) -> None:
        """Move another process into it. May wait for a grace period of the kernel. Raises `OSError`.

        The right to do so never leaves this process: with a descriptor of cgroup.procs that it opened,
        anybody could move anything.
        """
        (self.path / "cgroup.procs").write_text(str(pid))

    def open_directory(self) -> int:
        """A descriptor by which a process may be born into it (clone3(2)). Raises `OSError`."""
        return os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def is_populated(self) -> bool:
        """Whether a living process is in it or below it."""
        try:
            return "populated 1" in (self.path / "cgroup.events").read_text()
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL to everything in it (cgroup.kill, Linux 5.14)."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")

    def peak_memory(self) -> int | None:
        """The most memory it ever used, in bytes; None without the memory controller."""
        try:
            return int((self.path / "memory.peak").read_text())
        except (OSError, ValueError):
            return None

    def remove(self) -> bool:
        """Remove it and the empty groups below it; False while that cannot be, a process being in it."""
        try:
            for below in self.path.iterdir():
                if below.is_dir():
                    Cgroup(below).remove()
            self.path.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


class Subtree:
    """The delegated subtree: a leaf for the daemon, a group for each program."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def settle(self) -> None:
        """Move this process into its leaf and hand the available controllers down. Raises `OSError`."""
        leaf = Cgroup(self.root / LEAF)
        leaf.create()
        leaf.join()
        with contextlib.suppress(OSError):
            controllers = (self.root / "cgroup.controllers").read_text().split()
            wanted = " ".join(f"+{name}" for name in controllers if name in ("memory", "pids"))
            (self.root / "cgroup.subtree_control").write_text(wanted)

    def group(self, program: str) -> Cgroup:
        """The group of a program; not made yet."""
        return Cgroup(self.root / f"program-{program}")
