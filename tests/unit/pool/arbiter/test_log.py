"""Lines on stderr."""

import os
import pty
import socket
import tempfile

from supervisord_lite.pool.arbiter.log import AT_ONCE, INFO, WARNING, Log
from supervisord_lite.systemd.journal import name_of


def test_the_journal_gets_a_level_with_each_line() -> None:
    """Others do not; warnings have the word that people search for."""
    for is_journal in (True, False):
        reader, writer = os.pipe()
        log = Log("dirty", writer, name_of(os.fstat(writer)) if is_journal else "1:2")
        log.say(INFO, "one\ntwo")
        log.warn("three")
        log.say_seldom("kind", WARNING, "four", 0.0)
        log.close()
        os.close(writer)
        with open(reader) as file:
            lines = file.read().splitlines()
        plain = ["dirty: one", "dirty: two", "dirty: WARNING: three", "dirty: four"]
        levels = ["<6>", "<6>", "<4>", "<4>"] if is_journal else [""] * 4
        assert lines == [level + line for level, line in zip(levels, plain, strict=True)]


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    """Lines that do not go at once are lost, and long ones are cut."""
    reader, writer = os.pipe()
    log = Log("dirty", writer)
    for _ in range(1000):
        log.say(INFO, "x" * 10_000)
    log.close()
    assert os.get_blocking(writer)
    os.close(writer)
    with open(reader) as file:
        lines = file.readlines()
    assert 0 < len(lines) < 1000
    assert {len(line) for line in lines} == {AT_ONCE}


def test_a_terminal_that_was_stopped_holds_nobody_up() -> None:
    """Nor does a socket that nobody reads; a file takes all."""
    controller, terminal = pty.openpty()
    left, right = socket.socketpair()
    with tempfile.TemporaryFile() as file, left, right:
        for fd in (terminal, left.fileno(), file.fileno()):
            log = Log("dirty", fd)
            for _ in range(300):
                log.say(INFO, "x" * 4000)
            assert os.get_blocking(fd)
            log.close()
        assert os.fstat(file.fileno()).st_size > 300 * 4000
    os.close(terminal)
    os.close(controller)


def test_a_closed_reader_is_no_fault() -> None:
    """Routing goes on without a log."""
    reader, writer = os.pipe()
    log = Log("dirty", writer)
    os.close(reader)
    log.say(INFO, "nobody reads this")
    log.close()
    os.close(writer)
