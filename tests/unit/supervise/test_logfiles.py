"""Log files, from the daemon's side."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.linux import descriptors
from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import FDS, Attach, Reopen, ToLogWriter


class Writer:
    """The log writer's end of the socket: keeps every message, and the files the descriptors are."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self._reader = frames.Reader[ToLogWriter](ToLogWriter)  # type: ignore[arg-type]

    def told(self) -> list[tuple[ToLogWriter, list[str]]]:
        """What it has been told since the last call."""
        found = []
        while True:
            try:
                data, fds = descriptors.receive(self.ours, 65536)
            except BlockingIOError:
                return found
            if not data:
                return found
            for message in self._reader.feed(data):
                mine, fds = fds[: FDS[type(message)]], fds[FDS[type(message)] :]
                found.append((message, [os.readlink(f"/proc/self/fd/{fd}") for fd in mine]))
                for fd in mine:
                    os.close(fd)


@pytest.fixture
def writer() -> Iterator[Writer]:
    """A log writer."""
    made = Writer()
    yield made
    made.ours.close()
    made.theirs.close()


@pytest.fixture
def files() -> Iterator[LogFiles]:
    """Every test lets go of them in the end, and then nothing of them is open."""
    before = len(os.listdir("/proc/self/fd"))
    yield LogFiles()
    assert len(os.listdir("/proc/self/fd")) <= before


def pipe_of(fd: int) -> str:
    """The name of the pipe that this is an end of."""
    return os.readlink(f"/proc/self/fd/{fd}")


async def test_a_file_is_attached_where_a_writer_is(files: LogFiles, writer: Writer, tmp_path: Path) -> None:
    """The pipe's other end and the file go there, once."""
    path = str(tmp_path / "log")
    files.connect(writer.theirs)
    fd = files.writer(path, None)
    assert files.writer(path, None) == fd
    assert writer.told() == [(Attach(path), [pipe_of(fd), path])]
    files.close()


async def test_files_wait_for_their_writer(files: LogFiles, writer: Writer, tmp_path: Path) -> None:
    """What is written meanwhile stays in the pipe; a successor gets every file too."""
    path = str(tmp_path / "log")
    fd = files.writer(path, None)
    os.write(fd, b"early\n")
    files.connect(writer.theirs)
    assert writer.told() == [(Attach(path), [pipe_of(fd), path])]
    successor = Writer()
    files.connect(successor.theirs)
    assert successor.told() == [(Attach(path), [pipe_of(fd), path])]
    successor.ours.close()
    files.close()


async def test_files_are_opened_anew(files: LogFiles, writer: Writer, tmp_path: Path) -> None:
    """After they were moved away."""
    path = tmp_path / "log"
    files.connect(writer.theirs)
    files.writer(str(path), None)
    writer.told()
    path.rename(tmp_path / "log.1")
    files.reopen()
    assert writer.told() == [(Reopen(str(path)), [str(path)])]
    assert path.exists()
    files.close()


async def test_a_file_that_cannot_be_opened_anew_is_told(
    files: LogFiles, writer: Writer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are."""
    path = tmp_path / "gone" / "log"
    path.parent.mkdir()
    files.connect(writer.theirs)
    files.writer(str(path), None)
    files.writer(str(tmp_path / "log"), None)
    writer.told()
    path.unlink()
    path.parent.rmdir()
    files.reopen()
    assert [message for message, _ in writer.told()] == [Reopen(str(tmp_path / "log"))]
    assert caplog.messages == [f"{path}: cannot open the log file: No such file or directory"]
    files.close()


async def test_a_file_that_a_successor_could_not_get_is_attached_later(
    files: LogFiles, writer: Writer, tmp_path: Path
) -> None:
    """When it can be opened again: nobody would read its pipe otherwise."""
    path = tmp_path / "gone" / "log"
    path.parent.mkdir()
    fd = files.writer(str(path), None)
    path.unlink()
    path.parent.rmdir()
    files.connect(writer.theirs)
    assert writer.told() == []
    path.parent.mkdir()
    files.reopen()
    assert writer.told() == [(Attach(str(path)), [pipe_of(fd), str(path)])]
    files.close()


async def test_a_file_that_cannot_be_had_is_an_error(files: LogFiles, tmp_path: Path) -> None:
    """The program that asked for it is told, and nothing is kept of it."""
    with pytest.raises(FileNotFoundError):
        files.writer(str(tmp_path / "none" / "log"), None)
    files.close()


async def test_files_that_nobody_needs_are_let_go(files: LogFiles, writer: Writer, tmp_path: Path) -> None:
    """The daemon's ends of their pipes are closed."""
    kept, gone = str(tmp_path / "kept"), str(tmp_path / "gone")
    fd = files.writer(kept, None)
    before = len(os.listdir("/proc/self/fd"))
    files.writer(gone, None)
    assert len(os.listdir("/proc/self/fd")) == before + 2
    files.retain([kept])
    assert len(os.listdir("/proc/self/fd")) == before
    os.fstat(fd)
    files.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
async def test_a_new_file_belongs_to_the_programs_user(files: LogFiles, tmp_path: Path) -> None:
    """One that was there stays whose it was."""
    new, old = tmp_path / "new", tmp_path / "old"
    old.touch()
    files.writer(str(new), (65534, 65534))
    files.writer(str(old), (65534, 65534))
    assert (new.stat().st_uid, new.stat().st_gid, new.stat().st_mode & 0o777) == (65534, 65534, 0o640)
    assert old.stat().st_uid == 0
    files.close()


async def test_a_link_is_not_followed_to_make_a_file(files: LogFiles, tmp_path: Path) -> None:
    """In a directory of the program's user it could lead anywhere."""
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="is a symbolic link"):
        files.writer(str(tmp_path / "log"), None)
    assert not (tmp_path / "elsewhere").exists()
    files.close()


async def test_a_writer_that_does_not_read_holds_nobody_up(
    files: LogFiles, writer: Writer, tmp_path: Path
) -> None:
    """What it is told waits for it, and reaches it when it reads."""
    path = str(tmp_path / "log")
    files.connect(writer.theirs)
    files.writer(path, None)
    for _ in range(600):
        files.reopen()
    told: list[ToLogWriter] = []
    while len(told) < 601:
        told += [message for message, _ in writer.told()]
        more = asyncio.Event()
        asyncio.get_running_loop().call_soon(more.set)
        await more.wait()
    assert told == [Attach(path), *[Reopen(path)] * 600]
    files.close()


async def test_what_waits_goes_with_its_writer(files: LogFiles, writer: Writer, tmp_path: Path) -> None:
    """A successor is handed everything anyway."""
    path = str(tmp_path / "log")
    files.connect(writer.theirs)
    files.writer(path, None)
    for _ in range(600):
        files.reopen()
    files.disconnect()
    successor = Writer()
    files.connect(successor.theirs)
    assert [message for message, _ in successor.told()] == [Attach(path)]
    successor.ours.close()
    writer.told()
    files.close()
