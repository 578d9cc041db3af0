"""Text for terminals: colour only where somebody looks, and no escape sequence that is not ours."""

import os
import sys
from typing import TextIO

COLOURS = {
    "RUNNING": "32",
    "STARTING": "33",
    "BACKOFF": "33",
    "STOPPING": "33",
    "FATAL": "31",
    "STOPPED": "2",
    "EXITED": "2",
    "idle": "32",
    "busy": "32",
    "initialising": "33",
    "leaving": "33",
    "error": "31",
    "bold": "1",
    "dim": "2",
}


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`: a terminal that can, and no NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, kind: str, colour: bool) -> str:
    """`text` in the colour of a state or of a kind of message."""
    code = COLOURS.get(kind)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def printable(text: str) -> str:
    """`text` on one line, control characters spelled out: a program's STATUS= must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def complain(text: str) -> None:
    """One line on stderr, in the manner of every command line tool."""
    name = paint("supctl:", "error", wants_colour(sys.stderr))
    print(name, text, file=sys.stderr)
