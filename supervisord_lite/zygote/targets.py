"""What a set-up child of a zygote does: call a target, or say something of the application and end."""

import atexit
import contextlib
import importlib
import os
import signal
import socket
import sys
import threading
import time
import types
from typing import NoReturn

from setproctitle import setproctitle

from supervisord_lite.wire.orders import ASK, CALL, Setup

from . import telling
from .naming import resolve


def work(setup: Setup, channel: socket.socket) -> NoReturn:
    """Do what the setup says, and exit."""
    _become_python(setup)
    if setup.work == CALL:
        _call(setup, channel)
    elif setup.work == ASK:
        _ask(setup.arguments, channel)
    else:
        _examine(setup.arguments, channel)


def _become_python(setup: Setup) -> None:
    """Put the interpreter into the state that a fresh one has, as far as a program can tell."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    sys.argv[:] = setup.arguments[:1]
    # Only what differs: writing every variable anew would copy pages that all children share.
    for name in setup.unset:
        os.environ.pop(name, None)
    os.environ.update(setup.env)
    if "TZ" in setup.env or "TZ" in setup.unset:
        time.tzset()
    setproctitle(setup.title)
    for stream in (sys.stdout, sys.stderr):
        # Whoever prints a line wants it in the log now, not when 8 KiB have come together.
        with contextlib.suppress(AttributeError):  # a preload may have put something else there
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _call(setup: Setup, channel: socket.socket) -> NoReturn:
    """Call the target and exit as Python would: 0 when it returns, 1 with a traceback when it raises."""
    (name,) = setup.arguments
    telling.tell(channel, telling.SET_UP)
    try:
        target = resolve(name)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises, the operator is to read it
        _print_traceback(error, setup.errors_prefixed)
        telling.tell(channel, telling.failed(f"cannot import {name}: {_spell(error)}"))
        _leave(1)
    channel.close()
    _leave(_run(target, setup.errors_prefixed))


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
    except BaseException as error:  # noqa: BLE001 - the end of the program: the traceback says what it was
        _print_traceback(error, prefixed)
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
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _print_traceback(error: BaseException, prefixed: bool) -> None:
    """The traceback from the program's own first frame on."""
    import traceback  # only at the end of a program: until then its pages are shared

    prefix = "<3>" if prefixed else ""
    below = error.__traceback__.tb_next if error.__traceback__ is not None else None
    text = "".join(traceback.format_exception(type(error), error, below))
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        print("\n".join(prefix + line for line in text.splitlines()), file=sys.stderr, flush=True)


def _examine(targets: tuple[str, ...], channel: socket.socket) -> NoReturn:
    """Report which of the targets cannot be imported or called, and why."""
    found = {target: problem for target in targets if (problem := _problem(target)) is not None}
    telling.tell(channel, telling.examined(found))
    _vanish()


def _ask(arguments: tuple[str, ...], channel: socket.socket) -> NoReturn:
    """Report what the function says of each of the others."""
    import json  # in the throwaway child alone

    answers: dict[str, object] = {}
    problems: dict[str, str] = {}
    for subject in arguments[1:]:
        try:
            found = resolve(arguments[0])(subject)  # type: ignore[call-arg]
            json.dumps(found)
        except BaseException as error:  # noqa: BLE001 - whatever an import raises, the operator is to read it
            problems[subject] = _spell(error)
        else:
            answers[subject] = found
    telling.tell(channel, telling.answered(answers, problems))
    _vanish()


def _vanish() -> NoReturn:
    """End with whatever an import has started."""
    os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _problem(target: str) -> str | None:
    import inspect  # in the throwaway child alone

    try:
        if ":" not in target:
            importlib.import_module(target)
            return None
        found = resolve(target)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises, the operator is to read it
        return f"cannot import {target}: {_spell(error)}"
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        return f"{target} has to be callable without arguments: {error}"
    except ValueError:
        return None  # a callable of C without a signature: its call will tell
    return None


def _spell(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
