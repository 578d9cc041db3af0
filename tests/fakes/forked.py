"""Running a piece of a test in a process of its own, because it changes the process it runs in."""

import os
import select
import signal
import traceback
from collections.abc import Callable

DEADLINE = 5.0
"""Seconds after which whoever is waited for counts as hung."""


def in_a_fork(action: Callable[[], object]) -> str:
    """What the action returns, as text; it runs in a forked child, whose failure fails the test."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            os.write(writing, str(action()).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the parent is to read it
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(status)
    os.close(writing)
    try:
        text = read_to_end(reading)
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    assert status in (0, signal.SIGKILL), text
    assert "Traceback" not in text, text
    return text


def read_to_end(fd: int) -> str:
    """What is written to a pipe until nobody holds its other end; fails when that takes too long."""
    data = b""
    while True:
        assert select.select([fd], [], [], DEADLINE)[0], f"nothing came after {data!r}"
        more = os.read(fd, 65536)
        if not more:
            return data.decode()
        data += more


def wait_for_end(pid: int) -> None:
    """Wait until a child has ended, without reaping it."""
    fd = os.pidfd_open(pid)
    try:
        assert select.select([fd], [], [], DEADLINE)[0], f"process {pid} does not end"
    finally:
        os.close(fd)
