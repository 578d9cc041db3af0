"""What /proc tells of processes that are odd, or not there at all."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from supervisord_lite.linux import proc
from tests.fakes.forked import wait_for_end

NO_PID = 2**22 + 1
"""No kernel has a process of this number (proc_sys_kernel(5), pid_max)."""


def test_nobody_has_no_traces() -> None:
    """A process that is not there has no answer to anything, and no error."""
    assert proc.children(NO_PID) == set()
    assert proc.descendants(NO_PID) == {}
    assert proc.start_time(NO_PID) is None
    assert proc.environment(NO_PID) == b""
    assert proc.title(NO_PID) == ""


def test_a_name_that_looks_like_fields_confuses_nothing(tmp_path: Path) -> None:
    """The name in proc_pid_stat(5) may hold blanks and parentheses."""
    program = tmp_path / "x) Z 1 (y"
    shutil.copy("/bin/sleep", program)
    process = subprocess.Popen([program, "60"])
    try:
        assert proc.start_time(process.pid) is not None
        assert process.pid in proc.children(os.getpid())
        while not proc.title(process.pid):
            """Its arguments are in place a moment after its descriptors are closed."""
        assert proc.title(process.pid) == f"{program} 60"
    finally:
        process.kill()
        process.wait(5)


def test_a_zombie_is_a_child_without_a_start() -> None:
    """It is there to be reaped and no longer alive."""
    process = subprocess.Popen(["/bin/true"])
    wait_for_end(process.pid)
    assert process.pid in proc.children(os.getpid())
    assert proc.start_time(process.pid) is None
    assert process.pid not in proc.descendants(os.getpid())
    process.wait(5)


def test_descendants_are_those_below() -> None:
    """A process is not its own descendant."""
    process = subprocess.Popen(["/bin/sleep", "60"])
    try:
        assert process.pid in proc.descendants(os.getpid())
        assert os.getpid() not in proc.descendants(os.getpid())
        assert proc.descendants(process.pid) == {}
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(5)
