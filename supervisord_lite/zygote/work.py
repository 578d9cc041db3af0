"""What a set-up child does: become a command, call a target, or examine targets."""

import atexit
import contextlib
import os
import signal
import socket
import sys
import threading
import time
import types
from typing import NoReturn

from setproctitle import setproctitle

from supervisord_lite.wire import frames
from supervisord_lite.wire.launching import Call, Examined, Failed, SetUp, Setup

from .preload import resolve


def tell_failure(channel: socket.socket, error: str) -> None:
    """Say how far it came; the daemon may be gone, and then nobody wants to know."""
    with contextlib.suppress(OSError):
        channel.sendall(frames.encode(Failed(error)))


def execute(argv: tuple[str, ...], env: dict[str, str], channel: socket.socket) -> NoReturn:
    """Become the command; the channel closes with it, and that is how the daemon knows (execve(2))."""
    try:
        os.execvpe(argv[0], argv, env)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        tell_failure(channel, f"cannot execute {argv[0]}: {reason}")
    os._exit(127)


def call(call: Call, setup: Setup, channel: socket.socket) -> NoReturn:
    """Call the target and exit as Python would: 0 when it returns, 1 with a traceback when it raises."""
    _become_python(setup)
    channel.sendall(frames.encode(SetUp()))
    try:
        target = resolve(call.target)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises, the operator is to read it
        _print_traceback(call.errors_prefixed)
        tell_failure(channel, f"cannot import {call.target}: {_name(error)}")
        _leave(1)
    channel.close()
    _leave(_run(target, call.errors_prefixed))


def examine(targets: tuple[str, ...], setup: Setup, channel: socket.socket) -> NoReturn:
    """Report which of the targets cannot be imported or called, and why."""
    _become_python(setup)
    found = {target: problem for target in targets if (problem := _problem(target)) is not None}
    channel.sendall(frames.encode(Examined(found)))
    os._exit(0)


def _become_python(setup: Setup) -> None:
    """Put the interpreter into the state that a fresh one has, as far as a program can tell."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(setup.env)
    time.tzset()
    setproctitle(setup.title)
    for stream in (sys.stdout, sys.stderr):
        # Whoever prints a line wants it in the log now, not when 8 KiB have come together.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _run(target: object, prefixed: bool) -> int:
    assert callable(target)
    try:
        result = target()
        if isinstance(result, types.CoroutineType):
            import asyncio

            asyncio.run(result)
    except SystemExit as error:
        return _status(error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BaseException:  # noqa: BLE001 - the end of the program: the traceback says what it was
        _print_traceback(prefixed)
        return 1
    return 0


def _status(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    print(error.code, file=sys.stderr)
    return 1


def _leave(status: int) -> NoReturn:
    """Exit as the interpreter would, without its last step: freeing the heap would copy every shared page."""
    with contextlib.suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _print_traceback(prefixed: bool) -> None:
    import traceback  # only at the end of a program: until then its pages are shared

    prefix = "<3>" if prefixed else ""
    lines = traceback.format_exc().splitlines()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        print("\n".join(prefix + line for line in lines), file=sys.stderr, flush=True)


def _problem(target: str) -> str | None:
    import inspect  # in the throwaway child alone

    try:
        found = resolve(target)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises, the operator is to read it
        return f"cannot import {target}: {_name(error)}"
    assert callable(found)
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        return f"{target} has to be callable without arguments: {error}"
    except ValueError:
        return None  # a callable of C without a signature: its call will tell
    return None


def _name(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
