"""How a fork server and its children speak to the daemon: `wire.reports`, without importing it."""

import socket


def tell(sock: socket.socket, report: bytes) -> None:
    """Say it; the daemon may be gone, and then nobody wants to know."""
    try:
        sock.sendall(report)
    except OSError:
        pass


def prepared(seconds: float = 0.0, warnings: list[str] | None = None) -> bytes:
    """Everything is imported."""
    if not warnings:
        return b'{"type":"prepared","seconds":%.3f}\n' % seconds
    return _report({"type": "prepared", "seconds": seconds, "warnings": warnings})


def preload_failed(error: str) -> bytes:
    """The preload could not be imported."""
    return _report({"type": "preload-failed", "error": error})


def forked(number: int, pid: int) -> bytes:
    """The child of this number is there."""
    return b'{"type":"forked","id":%d,"pid":%d}\n' % (number, pid)


def fork_refused(number: int, errno: int) -> bytes:
    """The kernel refused."""
    return b'{"type":"fork-refused","id":%d,"errno":%d}\n' % (number, errno)


SET_UP = b'{"type":"set-up"}\n'


def failed(error: str) -> bytes:
    """This is as far as the child came."""
    return _report({"type": "failed", "error": error})


def examined(problems: dict[str, str]) -> bytes:
    """What is wrong with the targets."""
    return _report({"type": "examined", "problems": problems})


def answered(answers: dict[str, object], problems: dict[str, str]) -> bytes:
    """What came of each question."""
    return _report({"type": "answered", "answers": answers, "problems": problems})


def _report(fields: dict[str, object]) -> bytes:
    import json  # only for what is rare and long

    return json.dumps(fields).encode() + b"\n"
