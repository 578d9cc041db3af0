"""Forking for one's parent, adopting orphans, and dying with whoever started one."""

import errno
import os
import signal

import pytest

from supervisord_lite.linux import clone, prctl
from supervisord_lite.linux.kernel import Linux
from tests.fakes.forked import in_a_fork, read_to_end, wait_for_end


def spawn(action: object) -> int:
    """A forked child that does this and exits with what it returns."""
    pid = os.fork()
    if pid == 0:
        os._exit(action() or 0)  # type: ignore[operator]
    return pid


def test_a_child_can_be_forked_for_the_parent() -> None:
    """Whoever forked it cannot wait for it, and the parent can."""

    def scenario() -> str:
        reading, writing = os.pipe()

        def server() -> None:
            pid = clone.fork_for_parent(None)
            if pid == 0:
                os._exit(7)
            os.write(writing, str(pid).encode())

        try:
            os.waitpid(spawn(server), 0)
        finally:
            os.close(writing)
        pid = int(read_to_end(reading))
        return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    try:
        assert in_a_fork(scenario) == "7"
    except AssertionError as error:
        if os.strerror(errno.ENOSYS) in str(error) or os.strerror(errno.EPERM) in str(error):
            pytest.skip("the kernel or a filter does not have clone3(2)")
        raise


def test_a_subreaper_adopts_orphans() -> None:
    """A grandchild whose parent has ended is a child."""

    def scenario() -> bool:
        prctl.become_subreaper()
        reading, writing = os.pipe()

        def parent() -> None:
            os.write(writing, str(spawn(signal.pause)).encode())

        os.waitpid(spawn(parent), 0)
        orphan = int(os.read(reading, 100))
        is_ours = Linux().is_child(orphan)
        os.kill(orphan, signal.SIGKILL)
        os.waitpid(orphan, 0)
        return is_ours

    assert in_a_fork(scenario) == "True"


def test_who_asked_for_it_dies_with_its_parent() -> None:
    """The parent-death signal comes when the parent ends, however it ends."""

    def scenario() -> str:
        prctl.become_subreaper()
        reading, writing = os.pipe()

        def child() -> None:
            prctl.die_with_parent(signal.SIGKILL)
            os.write(writing, str(os.getpid()).encode())
            signal.pause()

        def parent() -> None:
            spawn(child)
            signal.pause()

        pid = spawn(parent)
        orphan = int(os.read(reading, 100))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        wait_for_end(orphan)
        return str(os.WTERMSIG(os.waitpid(orphan, 0)[1]))

    assert in_a_fork(scenario) == str(int(signal.SIGKILL))


def test_a_process_of_others_cannot_be_signalled() -> None:
    """Without the right to, that is the answer; a group counts as peopled."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user takes root")

    def scenario() -> str:
        os.setresuid(65534, 65534, 65534)
        kernel = Linux()
        return f"{kernel.send(os.getppid(), 0)} {kernel.send_group(os.getpgid(os.getppid()), 0)}"

    assert in_a_fork(scenario) == "forbidden True"
