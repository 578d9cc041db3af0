"""stdout and stderr: files, their rotation, a full disk, and the other places output can go to."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon, command

SPEAKS = 'command = ["sh", "-c", "echo to stdout; echo to stderr >&2; sleep 1000"]\n'
COUNTS = (
    'command = ["sh", "-c", "trap \'echo $((n += 1))\' USR1; echo up >&2; while :; do sleep 0.02; done"]\n'
)


def text(daemon: Daemon, name: str, lines: int) -> list[str]:
    """The first lines of a file in the daemon's directory, as soon as they are there."""
    words = ["timeout", "10", "tail", "-n", "+1", "-F", daemon.directory / name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tail:
        assert tail.stdout is not None
        found = [tail.stdout.readline().rstrip("\n") for _ in range(lines)]
        tail.terminate()
    return found


def test_files_of_their_own(daemon: Daemon) -> None:
    """stdout and stderr go to the files that are named; a relative path begins at the file's directory."""
    daemon.start(f"{QUICK}[companions.it]\n{SPEAKS}stdout = 'out'\nstderr = '{daemon.directory}/err'\n")
    assert text(daemon, "out", 1) == ["to stdout"]
    assert text(daemon, "err", 1) == ["to stderr"]
    program = daemon.program("it")
    assert (program["stdout"], program["stderr"]) == (f"{daemon.directory}/out", f"{daemon.directory}/err")


def test_stderr_with_stdout(daemon: Daemon) -> None:
    """stderr = "stdout" goes where stdout goes, in the order of writing."""
    daemon.start(f"{QUICK}[companions.it]\n{SPEAKS}stdout = 'out'\nstderr = 'stdout'\n")
    assert text(daemon, "out", 2) == ["to stdout", "to stderr"]


@pytest.mark.parametrize("keys", ["", "stdout = 'inherit'\nstderr = 'inherit'\n"], ids=["default", "said"])
def test_inherit(daemon: Daemon, keys: str) -> None:
    """Without a journal output goes where the daemon's own goes, by default and when it is said."""
    daemon.start(f"{QUICK}[companions.it]\n{SPEAKS}{keys}")
    daemon.output.expect("^to stdout$")
    daemon.log.expect("^to stderr$")
    assert daemon.program("it")["stdout"] == "inherit"


def test_a_file_is_appended_to(daemon: Daemon) -> None:
    """What is in a log file stays, and a target's output goes there like a command's."""
    (daemon.directory / "out").write_text("before\n")
    daemon.start(f'{SUPERVISOR}{QUICK}[companions.it]\ntarget = "runs:main"\nstdout = "out"\n')
    first, second = text(daemon, "out", 2)
    assert first == "before"
    assert second.startswith("running it")


def test_rotation_loses_no_line(daemon: Daemon) -> None:
    """After mv and SIGUSR1 lines go to a new file, and none of many is lost between the two."""
    daemon.start(
        f"{QUICK}[companions.it]\nstdout = 'out'\n"
        'command = ["sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo $((i += 1)); done; sleep 1000"]\n'
    )
    text(daemon, "out", 10)
    for number in range(3):
        os.rename(daemon.directory / "out", daemon.directory / f"out.{number}")
        daemon.signal(signal.SIGUSR1)
        daemon.log.expect("reopening log files", count=number + 1)
        daemon.do("version")  # answered when the files have been opened
    numbers: list[int] = []
    while not numbers or numbers[-1] < 20000:
        files = [*(f"out.{number}" for number in range(3)), "out"]
        numbers = [int(n) for name in files for n in (daemon.directory / name).read_text().split("\n")[:-1]]
    assert numbers == list(range(1, 20001))


def test_programs_share_a_file(daemon: Daemon) -> None:
    """Several programs may write to one file, whole lines each."""
    daemon.start(
        f"{SUPERVISOR}{QUICK}[companions.it]\ninstances = 5\nstdout = 'out'\n"
        'target = "writes_lines:main"\nenv = { LINES_TO_WRITE = "200" }\n'
    )
    lines = text(daemon, "out", 1005)
    assert [line for line in lines if not re.fullmatch(r"line \d+|running it:\d \d+", line)] == []


def test_a_full_disk_disturbs_no_program(daemon: Daemon) -> None:
    """A program whose log file takes nothing runs on, and the failure is told."""
    daemon.start(
        f"{SUPERVISOR}{QUICK}[companions.it]\nstdout = '/dev/full'\n"
        'target = "writes_lines:main"\nenv = { LINES_TO_WRITE = "400000" }\nstderr = "inherit"\n'
        "[companions.other]\nstdout = 'out'\ncommand = ['sh', '-c', 'echo fine; sleep 1000']\n"
    )
    daemon.log.expect("/dev/full: cannot write: No space left on device")
    assert text(daemon, "out", 1) == ["fine"]
    assert daemon.states() == {"it": "RUNNING", "other": "RUNNING"}
    daemon.do("restart", name="it")


@pytest.fixture
def small_disk(directory: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = directory / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root that may mount")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_has_room_again(small_disk: Path, daemon: Daemon) -> None:
    """When the disk has room again the log goes on, and the lines that waited are there."""
    (small_disk / "ballast").write_bytes(bytes(60 * 1024))
    daemon.start(f"{QUICK}[companions.it]\n{COUNTS}stdout = '{small_disk}/out'\nstderr = 'inherit'\n")
    daemon.log.expect("^up$")
    (small_disk / "more").touch()
    try:
        with open(small_disk / "more", "wb") as file:
            file.write(bytes(10 * 1024))
    except OSError:
        pass
    daemon.do("signal", name="it", signal="USR1")
    daemon.log.expect("cannot write: No space left on device")
    (small_disk / "ballast").unlink()
    daemon.log.expect("writing the log file again; 0 bytes were lost")
    daemon.do("signal", name="it", signal="USR1")
    assert text(daemon, "../disk/out", 2) == ["1", "2"]


def test_a_log_file_belongs_to_the_programs_user(daemon: Daemon) -> None:
    """A log file that is made belongs to the user of the program, and others cannot read it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: changes users")
    daemon.start(f"{QUICK}[companions.it]\n{SPEAKS}stdout = 'out'\nuser = 'nobody'\n")
    text(daemon, "out", 1)
    status = (daemon.directory / "out").stat()
    assert (status.st_uid, status.st_mode & 0o007) == (65534, 0)


def test_a_file_that_cannot_be_opened_is_refused(daemon: Daemon) -> None:
    """A log file in a directory that is not there is refused before anything runs."""
    daemon.configure(f"[companions.it]\n{command('runs')}stdout = '/nowhere/at/all'\n")
    daemon.launch()
    assert daemon.wait_end() == 78
    daemon.log.expect(r"companions\.it\.stdout: .*/nowhere")


def test_files_that_are_no_longer_used_are_closed(daemon: Daemon) -> None:
    """When no program writes to a file any more, the daemon lets go of it."""
    base = f"{QUICK}[companions.other]\n{COUNTS}stdout = 'other'\n"
    daemon.start(base)
    before = len(daemon.descriptors())
    for number in range(3):
        daemon.configure(base + f"[companions.it]\n{SPEAKS}stdout = 'out.{number}'\n")
        daemon.do("reread")
        daemon.wait("it", "running")
    daemon.configure(base)
    with daemon.events() as events:
        daemon.do("reread")
        events.until("it", "STOPPED")
    daemon.wait_descriptors(before)
