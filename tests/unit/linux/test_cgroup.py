"""The delegated subtree: found by its mark, settled in, a group for each program."""

import os
from pathlib import Path

import pytest

from supervisord_lite.linux.cgroup import Cgroup, Subtree, delegated
from tests.fakes import cgroup as fake

SERVICE = "system.slice/app-supervisor.service"


class Mount:
    """A tree with one service in it, and what /proc/self/cgroup says."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "cgroup"
        self.service = self.root / SERVICE
        self.service.mkdir(parents=True)
        (self.service / "cgroup.procs").touch()
        self._process = directory / "self"

    def mark(self, value: bytes = b"1") -> None:
        """systemd delegates the service."""
        try:
            os.setxattr(self.service, "user.delegate", value)
        except OSError as error:
            pytest.skip(f"the temporary directory takes no user attributes: {error.strerror}")

    def found_from(self, text: str) -> Path | None:
        """The delegated group of a process with this /proc/self/cgroup."""
        self._process.write_text(text)
        return delegated(self.root, self._process)


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    """A mounted tree."""
    return Mount(tmp_path)


def test_a_marked_group_is_ours(mount: Mount) -> None:
    """systemd says so with an attribute."""
    mount.mark()
    assert mount.found_from(f"0::/{SERVICE}\n") == mount.service


def test_lines_of_version_1_are_passed_over(mount: Mount) -> None:
    """Only the line of version 2 counts."""
    mount.mark()
    assert mount.found_from(f"4:memory:/elsewhere\n1:name=systemd:/x\n0::/{SERVICE}\n") == mount.service


@pytest.mark.parametrize("text", ["", "4:memory:/\n", f"0::/{SERVICE}\n", "0::/gone\n", "0::/\n"])
def test_without_the_mark_it_is_not(mount: Mount, text: str) -> None:
    """A group that nobody delegated is left alone."""
    assert mount.found_from(text) is None


def test_a_mark_that_says_no_is_none(mount: Mount) -> None:
    """Delegate=no may leave the attribute with another value."""
    mount.mark(b"0")
    assert mount.found_from(f"0::/{SERVICE}\n") is None


def test_a_daemon_in_its_leaf_has_the_group_above(mount: Mount) -> None:
    """A daemon that replaced itself in place finds what was delegated to it."""
    mount.mark()
    (mount.service / "supervisor").mkdir()
    assert mount.found_from(f"0::/{SERVICE}/supervisor\n") == mount.service


def test_no_information_is_no_delegation(tmp_path: Path) -> None:
    """Without /proc there is nothing to find."""
    assert delegated(tmp_path, tmp_path / "none") is None


def test_settling_makes_a_leaf_and_hands_controllers_down(tmp_path: Path) -> None:
    """The daemon joins its leaf first, then turns on what programs are measured by."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    Subtree(tmp_path).settle()
    assert (tmp_path / "supervisor" / "cgroup.procs").read_text() == "0"
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_settling_does_without_controllers(tmp_path: Path) -> None:
    """Where none are available groups still end whole trees."""
    Subtree(tmp_path).settle()
    assert not (tmp_path / "cgroup.subtree_control").exists()


def test_every_program_has_a_group_of_its_own(tmp_path: Path) -> None:
    """Beside the daemon's leaf, whatever a program is called."""
    subtree = Subtree(tmp_path)
    assert subtree.group("worker:2").path == tmp_path / "program-worker:2"
    assert subtree.group("supervisor").path != tmp_path / "supervisor"


def test_peak_memory_is_read(tmp_path: Path) -> None:
    """In bytes, as the memory controller counts."""
    group = Cgroup(tmp_path)
    assert group.peak_memory() is None
    fake.use_memory(group, 4096)
    assert group.peak_memory() == 4096


def test_what_cannot_be_removed_is_still_there(tmp_path: Path) -> None:
    """Whatever the reason: it is tried again, and given up in time."""
    (tmp_path / "file").touch()
    assert not Cgroup(tmp_path / "file").remove()
