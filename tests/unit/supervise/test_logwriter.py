"""The log writer: what programs write reaches their files, and a full disk stops nobody."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisord_lite.linux import descriptors
from supervisord_lite.supervise.logwriter import MAX_KEPT, LogFile, LogWriter
from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import Attach, Reopen
from tests.fakes.forked import in_a_fork

Opened = Callable[[str | Path], int]


@pytest.fixture
def opened() -> Opened:
    """Opens a file as the daemon does; whoever gets the descriptor closes it."""
    return lambda path: os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)


class Pipe:
    """What a program writes into."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def say(self, text: bytes) -> None:
        """As a program does."""
        os.write(self.writing, text)

    def end(self) -> None:
        """Nobody writes any more."""
        os.close(self.writing)
        self.writing = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Whose reading end belongs to the log file."""
    made = Pipe()
    yield made
    if made.writing != -1:
        made.end()


def test_lines_are_copied_as_they_come(pipe: Pipe, opened: Opened, tmp_path: Path) -> None:
    """Into the end of the file, until nobody writes any more."""
    path = tmp_path / "log"
    path.write_bytes(b"before\n")
    file = LogFile(str(path), pipe.reading, opened(path))
    assert file.copy()
    pipe.say(b"one\n")
    assert file.copy()
    pipe.say(b"two")
    pipe.end()
    assert file.copy()
    assert not file.copy()
    file.close()
    assert path.read_bytes() == b"before\none\ntwo"


def test_a_moved_file_is_left_behind(pipe: Pipe, opened: Opened, tmp_path: Path) -> None:
    """After `reopen` lines go to the new one."""
    old, new = tmp_path / "log.1", tmp_path / "log"
    file = LogFile("log", pipe.reading, opened(old))
    pipe.say(b"one\n")
    file.copy()
    file.reopen(opened(new))
    pipe.say(b"two\n")
    file.drain()
    file.close()
    assert (old.read_bytes(), new.read_bytes()) == (b"one\n", b"two\n")


def test_a_full_disk_is_told_once_and_loses_nothing_it_can_keep(
    pipe: Pipe, opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the file does not take is kept, and written when it takes again."""
    path = tmp_path / "log"
    file = LogFile("/full/log", pipe.reading, opened("/dev/full"))
    for line in (b"one\n", b"two\n"):
        pipe.say(line)
        assert file.copy()
    assert file.is_behind
    assert capsys.readouterr().err == (
        "<3>/full/log: cannot write: No space left on device; trying again every 1s\n"
    )
    file.reopen(opened(path))
    file.flush()
    assert not file.is_behind
    assert path.read_bytes() == b"one\ntwo\n"
    assert capsys.readouterr().err == "<4>/full/log: writing the log file again; 0 bytes were lost\n"
    file.close()


def test_what_does_not_fit_is_counted(
    pipe: Pipe, opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that goes on writing is read from all the same, and memory stays bounded."""
    path = tmp_path / "log"
    file = LogFile("/full/log", pipe.reading, opened("/dev/full"))
    for _ in range(MAX_KEPT // 65536 + 2):
        pipe.say(b"x" * 65536)
        assert file.copy()
    capsys.readouterr()
    file.reopen(opened(path))
    file.flush()
    assert path.stat().st_size == MAX_KEPT
    assert capsys.readouterr().err == "<4>/full/log: writing the log file again; 131072 bytes were lost\n"
    file.close()


def test_a_reader_that_is_slow_gets_what_it_takes(pipe: Pipe) -> None:
    """A file may be a pipe, which takes less than there is."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    file = LogFile("pipe", pipe.reading, writing)
    while not file.is_behind:
        pipe.say(b"y" * 4096)
        file.copy()
    os.read(reading, 65536)
    file.flush()
    assert not file.is_behind
    file.close()
    os.close(reading)


def run_a_writer(script: Callable[[socket.socket], None]) -> str:
    """A log writer in a process of its own, told what the script sends, until it hangs up."""

    def scenario() -> str:
        ours, theirs = socket.socketpair()
        script(ours)
        ours.close()
        LogWriter(theirs).run()
        return "ended"

    return in_a_fork(scenario)


def test_a_writer_fills_the_files_it_is_given(opened: Opened, tmp_path: Path) -> None:
    """Each from its pipe, and writes what is there before it ends with its daemon."""
    first, second, moved = tmp_path / "first", tmp_path / "second", tmp_path / "moved"

    def script(daemon: socket.socket) -> None:
        for path, text in ((first, b"one\n"), (second, b"two\n")):
            pipe = Pipe()
            pipe.say(text)
            descriptors.send(daemon, frames.encode(Attach(str(path))), [pipe.reading, opened(path)])
        descriptors.send(daemon, frames.encode(Reopen(str(second))), [opened(moved)])

    assert run_a_writer(script) == "ended"
    assert (first.read_bytes(), second.read_bytes(), moved.read_bytes()) == (b"one\n", b"", b"two\n")


def test_a_path_may_be_given_again(opened: Opened, tmp_path: Path) -> None:
    """What still writes to the old pipe is copied too."""
    path = tmp_path / "log"

    def script(daemon: socket.socket) -> None:
        for text in (b"old\n", b"new\n"):
            pipe = Pipe()
            pipe.say(text)
            descriptors.send(daemon, frames.encode(Attach(str(path))), [pipe.reading, opened(path)])

    assert run_a_writer(script) == "ended"
    assert sorted(path.read_bytes().split()) == [b"new", b"old"]


def test_a_file_nobody_writes_to_any_more_is_not_opened_anew(opened: Opened, tmp_path: Path) -> None:
    """The daemon may not know yet that its pipe has ended."""

    def script(daemon: socket.socket) -> None:
        descriptors.send(daemon, frames.encode(Reopen("/gone")), [opened(tmp_path / "gone")])

    assert run_a_writer(script) == "ended"


def test_a_signal_ends_it_after_the_rest_is_written(opened: Opened, tmp_path: Path) -> None:
    """SIGTERM wakes it also while it waits."""
    path = tmp_path / "log"

    def scenario() -> str:
        ours, theirs = socket.socketpair()
        pipe = Pipe()
        writer = LogWriter(theirs)
        descriptors.send(ours, frames.encode(Attach(str(path))), [pipe.reading, opened(path)])
        pipe.say(b"last words\n")
        os.kill(os.getpid(), signal.SIGTERM)
        writer.run()
        return "ended"

    assert in_a_fork(scenario) == "ended"
    assert path.read_bytes() == b"last words\n"
