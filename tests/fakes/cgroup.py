"""A control group as a directory: it can be removed while no process is in it, as in the kernel's own tree.

The kernel's files are there only while a process is: a directory with files in it is as hard to remove as a
group with processes.
"""

import errno
import os

from supervisord_lite.linux.cgroup import Cgroup

FILES = {"cgroup.events": "populated 1\nfrozen 0\n", "cgroup.procs": "", "cgroup.kill": ""}


def enter(group: Cgroup) -> None:
    """A process is in the group."""
    if not group.path.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(group.path))
    for name, text in FILES.items():
        (group.path / name).write_text(text)


def leave(group: Cgroup) -> None:
    """The group is empty."""
    for file in group.path.iterdir():
        if file.is_file():
            file.unlink()


def is_killed(group: Cgroup) -> bool:
    """Whether cgroup.kill has been written to since a process entered."""
    return (group.path / "cgroup.kill").read_text() == "1"


def use_memory(group: Cgroup, peak: int) -> None:
    """The memory controller is on, and saw this much at most."""
    (group.path / "memory.peak").write_text(f"{peak}\n")
