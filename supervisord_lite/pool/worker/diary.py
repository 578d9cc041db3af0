"""What a worker says on its standard error: lines that name it, with levels where the journal reads them.

Written to the descriptor itself, each message in one piece: an app may have put anything in the place of
`sys.stderr`, and threads do not interleave.
"""

import os
import sys
import traceback
from types import TracebackType

from supervisord_lite.dirty import app as dirty_app
from supervisord_lite.systemd.journal import is_stream

ERROR = 3
WARNING = 4
NOTICE = 5
INFO = 6

_MAX_TRACEBACK = 64 * 1024
_OWN = (os.path.dirname(__file__) + os.sep, str(dirty_app.__file__))


class Diary:
    """The log of one worker."""

    def __init__(self, pool: str, name: str, journal_stream: str | None) -> None:
        self._start = f"{pool}: worker {name}: "
        self._is_journal = is_stream(2, journal_stream)

    def say(self, level: int, text: str, details: str = "") -> None:
        """One line, and below it the lines of `details`; at no level where it is no journal."""
        prefix = f"<{level}>" if self._is_journal else ""
        lines = [self._start + text.replace("\n", " "), *details.splitlines()]
        data = "".join(f"{prefix}{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        try:
            while data:
                data = data[os.write(2, data) :]
        except OSError:
            pass  # nobody is left to read it


def spell(error: BaseException) -> str:
    """What the error says, or, where it says nothing, its type."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - the __str__ of somebody's exception
        return type(error).__name__


def trace(error: BaseException) -> str:
    """Its traceback from the app's own first frame on, the middle of a very long one left out.

    Empty where no code of the app raised it, and nothing caused it.
    """
    below = _below_ours(error.__traceback__)
    because = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if below is None and because is None:
        return ""
    try:
        lines = traceback.format_exception(type(error), error, below)
        text = "".join(lines)
    except Exception:  # noqa: BLE001 - formatting runs the app's own __str__ and __repr__
        text = f"{type(error).__name__}, whose traceback cannot be printed\n"
    if len(text) > _MAX_TRACEBACK:
        half = _MAX_TRACEBACK // 2
        text = f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
    return text


def _below_ours(trace: TracebackType | None) -> TracebackType | None:
    below = trace
    while below is not None and below.tb_frame.f_code.co_filename.startswith(_OWN):
        below = below.tb_next
    return below


def flush() -> None:
    """Let out what the app has printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S110 - an app may have put anything there
            pass
