"""Control groups: a directory tree that plays them, and the kernel's own where one can be had."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from supervisord_lite.linux.cgroup import Cgroup
from tests.fakes import cgroup as fake
from tests.fakes.forked import DEADLINE


class Tree(Protocol):
    """A place for groups, and processes to put into them."""

    root: Path

    def enter(self, group: Cgroup) -> None:
        """A process joins the group."""

    def end(self, group: Cgroup) -> None:
        """Its process ends, if `cgroup.kill` has not ended it; returns when the group has noticed."""

    def close(self) -> None:
        """Leave nothing behind."""


class FakeTree:
    """Directories."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def enter(self, group: Cgroup) -> None:
        fake.enter(group)

    def end(self, group: Cgroup) -> None:
        fake.leave(group)

    def close(self) -> None:
        """Directories of a test go with it."""


class KernelTree:
    """A group below the mounted tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._processes: dict[Path, subprocess.Popen[bytes]] = {}

    def enter(self, group: Cgroup) -> None:
        process = subprocess.Popen(["sleep", "60"])
        group.add(process.pid)
        self._processes[group.path] = process

    def end(self, group: Cgroup) -> None:
        process = self._processes.pop(group.path)
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
        with (group.path / "cgroup.events").open() as events:
            poll = select.poll()
            poll.register(events, select.POLLPRI)
            while "populated 1" in events.read():
                assert poll.poll(DEADLINE * 1000)
                events.seek(0)

    def close(self) -> None:
        for path in tuple(self._processes):
            self.end(Cgroup(path))
        for below in sorted(self.root.rglob("*"), reverse=True):
            if below.is_dir():
                below.rmdir()
        self.root.rmdir()


def kernel_tree(_: Path) -> Tree:
    """A group of its own in the mounted version 2 tree; skips where none can be made."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    mounted = [fields[4] for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"]
    if not mounted:
        pytest.skip("no version 2 tree of control groups is mounted")
    try:
        return KernelTree(Path(tempfile.mkdtemp(prefix="supervisord-lite-test-", dir=mounted[0])))
    except OSError as error:
        pytest.skip(f"no control group can be made below {mounted[0]}: {error.strerror}")


@pytest.fixture(params=[FakeTree, kernel_tree], ids=["fake", "real"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    """A tree whose groups go with the test."""
    make: Callable[[Path], Tree] = request.param
    made = make(tmp_path)
    yield made
    made.close()


@pytest.fixture
def group(tree: Tree) -> Cgroup:
    """A group that has been made."""
    made = Cgroup(tree.root / "program-worker:1")
    made.create()
    return made


def test_a_group_is_made_once_or_twice(group: Cgroup) -> None:
    """One that a predecessor left behind is taken as it is."""
    group.create()
    assert group.path.is_dir()


def test_a_new_group_is_empty(group: Cgroup) -> None:
    """No process is in it, and it goes at once."""
    assert not group.is_populated()
    assert group.remove()
    assert not group.path.exists()


def test_a_group_with_a_process_stays(tree: Tree, group: Cgroup) -> None:
    """It is populated and cannot be removed until the process has ended."""
    tree.enter(group)
    assert group.is_populated()
    assert not group.remove()
    tree.end(group)
    assert not group.is_populated()
    assert group.remove()


def test_a_kill_empties_it(tree: Tree, group: Cgroup) -> None:
    """After `cgroup.kill` the group can be removed."""
    tree.enter(group)
    group.kill()
    tree.end(group)
    assert group.remove()


def test_groups_below_go_with_it(tree: Tree, group: Cgroup) -> None:
    """A program may have made groups of its own; they hold it up only while processes are in them."""
    below = Cgroup(group.path / "own" / "deeper")
    below.path.mkdir(parents=True)
    tree.enter(below)
    assert not group.remove()
    tree.end(below)
    assert group.remove()


def test_what_is_gone_is_tolerated(tree: Tree) -> None:
    """Every question about a group that is not there has an answer."""
    gone = Cgroup(tree.root / "gone")
    gone.kill()
    assert not gone.is_populated()
    assert gone.peak_memory() is None
    assert gone.remove()
    with pytest.raises(FileNotFoundError):
        gone.add(os.getpid())


def test_a_group_cannot_be_made_below_nothing(tree: Tree) -> None:
    """Whoever asks for it is told."""
    with pytest.raises(FileNotFoundError):
        Cgroup(tree.root / "gone" / "child").create()
