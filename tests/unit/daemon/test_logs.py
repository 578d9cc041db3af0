"""The daemon's own log never waits for whoever reads it."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisord_lite.daemon.logs import (
    MAX_KEPT,
    JournalFormatter,
    PlainFormatter,
    StderrHandler,
    TerminalFormatter,
)
from tests.fakes.kernel import FakeKernel
from tests.fakes.loop import run_jumping

LOST = "supervisord_lite.daemon.logs"


def a_record(message: str, level: int = logging.INFO) -> logging.LogRecord:
    """One event."""
    return logging.LogRecord("test", level, "", 0, message, (), None)


class Reader:
    """The other end of a pipe that is full until it is read."""

    def __init__(self) -> None:
        self.fd, self.writing = os.pipe()
        os.set_blocking(self.fd, False)

    def fill(self) -> None:
        """It takes nothing any more."""
        os.set_blocking(self.writing, False)
        for size in (65536, 1):
            try:
                while True:
                    os.write(self.writing, b"." * size)
            except BlockingIOError:
                pass
        os.set_blocking(self.writing, True)

    def read(self) -> str:
        """Everything that is there."""
        data = b""
        while True:
            try:
                more = os.read(self.fd, 65536)
            except BlockingIOError:
                break
            if not more:
                break
            data += more
        return data.decode().lstrip(".")

    def close(self) -> None:
        """Both ends."""
        os.close(self.fd)
        os.close(self.writing)


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A pipe."""
    made = Reader()
    yield made
    made.close()


@pytest.fixture
def handler(reader: Reader) -> Iterator[StderrHandler]:
    """Writes to the pipe; what it says of itself comes back to it, as in the daemon."""
    made = StderrHandler(reader.writing, None)
    logger = logging.getLogger(LOST)
    logger.addHandler(made)
    logger.propagate = False
    yield made
    logger.removeHandler(made)
    logger.propagate = True


def test_lines_go_out_at_once(reader: Reader, handler: StderrHandler) -> None:
    """Each with its end."""
    handler.emit(a_record("one"))
    handler.emit(a_record("two"))
    assert reader.read() == "one\ntwo\n"
    assert handler.dropped == 0


def test_a_long_line_goes_out_whole(reader: Reader, handler: StderrHandler) -> None:
    """A pipe takes a page at a time without waiting, and more as long as it has room."""
    handler.emit(a_record("x" * 20_000))
    handler.emit(a_record("next"))
    assert reader.read() == "x" * 20_000 + "\nnext\n"


def test_undecodable_names_are_no_error(reader: Reader, handler: StderrHandler) -> None:
    """A path may hold any bytes."""
    handler.emit(a_record("/srv/\udcff"))
    assert reader.read() == "/srv/?\n"


def test_a_reader_that_does_not_read_loses_only_what_is_too_much(
    reader: Reader, handler: StderrHandler
) -> None:
    """Nothing blocks; what is kept goes out later, and then it is told how much was lost."""
    reader.fill()

    async def scenario() -> None:
        for number in range(MAX_KEPT + 5):
            handler.emit(a_record(f"line {number}"))
        assert handler.dropped == 5
        reader.read()
        handler.flush()

    run_jumping(FakeKernel(), scenario())
    lines = reader.read().splitlines()
    assert lines[:MAX_KEPT] == [f"line {number}" for number in range(MAX_KEPT)]
    assert lines[MAX_KEPT:] == ["log: 5 lines were lost, because nobody read them"]
    assert handler.dropped == 5


def test_what_is_kept_goes_out_by_itself(reader: Reader, handler: StderrHandler) -> None:
    """As soon as it is read again, whether anything else is logged or not."""
    reader.fill()
    kernel = FakeKernel()

    async def scenario() -> None:
        handler.emit(a_record("kept"))
        loop = asyncio.get_running_loop()
        later = loop.create_future()
        loop.call_later(0.1, reader.read)
        loop.call_later(1.0, later.set_result, None)
        await later

    run_jumping(kernel, scenario())
    assert reader.read() == "kept\n"


def test_without_a_loop_it_is_tried_with_the_next_line(reader: Reader, handler: StderrHandler) -> None:
    """Before the loop runs and after it has ended there is no later."""
    reader.fill()
    handler.emit(a_record("one"))
    reader.read()
    handler.emit(a_record("two"))
    assert reader.read() == "one\ntwo\n"


def test_a_reader_that_is_gone_is_written_to_in_vain(handler: StderrHandler, reader: Reader) -> None:
    """Lines nobody will ever take are not kept."""
    broken = Reader()
    os.close(broken.fd)
    gone = StderrHandler(broken.writing, None)
    for _ in range(MAX_KEPT + 5):
        gone.emit(a_record("x"))
    assert gone.dropped == 0
    os.close(broken.writing)


def test_a_socket_is_written_to_without_waiting() -> None:
    """As the journal's stream is, which stays blocking for everybody else."""
    ours, theirs = socket.socketpair()
    handler = StderrHandler(ours.fileno(), None)
    for _ in range(MAX_KEPT * 3):
        handler.emit(a_record("y" * 1000))
    assert handler.dropped > 0
    assert ours.getblocking()
    theirs.settimeout(5.0)
    assert theirs.recv(1001) == b"y" * 1000 + b"\n"
    assert handler._stream is not None
    handler._stream.close()
    ours.close()
    theirs.close()


def test_a_file_takes_everything(tmp_path: Path) -> None:
    """Whatever the length."""
    with (tmp_path / "log").open("wb") as file:
        handler = StderrHandler(file.fileno(), None)
        handler.emit(a_record("z" * 10_000))
    assert (tmp_path / "log").stat().st_size == 10_001


def test_a_level_is_said_once() -> None:
    """Where gunicorn's line begins with it, too."""
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "WARNING: SIGTTOU: no", (), None)
    assert PlainFormatter().format(record).endswith(" WARNING: SIGTTOU: no")
    assert PlainFormatter().format(record).count("WARNING") == 1


@pytest.mark.parametrize(
    ("formatter", "level", "text"),
    [
        (JournalFormatter("%(message)s"), logging.INFO, "<6>one\n<6>two"),
        (JournalFormatter("%(message)s"), logging.ERROR, "<3>one\n<3>two"),
        (JournalFormatter("%(message)s"), logging.WARNING, "<4>one\n<4>two"),
        (JournalFormatter("%(message)s"), logging.DEBUG, "<7>one\n<7>two"),
    ],
)
def test_every_line_of_a_message_has_its_level(formatter: logging.Formatter, level: int, text: str) -> None:
    """So that a traceback is an error throughout."""
    assert formatter.format(a_record("one\ntwo", level)) == text


@pytest.mark.parametrize(
    ("make", "start", "end"),
    [
        (lambda: TerminalFormatter("%(message)s"), "\x1b[31m", " broken\x1b[0m"),
        (PlainFormatter, "20", " ERROR broken"),
    ],
)
def test_people_read_the_time_and_the_level(
    make: Callable[[], logging.Formatter], start: str, end: str
) -> None:
    """As a colour on a terminal, as a word elsewhere."""
    text = make().format(a_record("broken", logging.ERROR))
    assert text.startswith(start)
    assert text.endswith(end)
