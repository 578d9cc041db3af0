"""What the daemon says to the log writer, each message with the descriptors it speaks of."""

from msgspec import Struct


class Attach(Struct, tag="attach", frozen=True):
    """Copy the pipe (first descriptor) to the file (second) until the pipe ends."""

    path: str


class Reopen(Struct, tag="reopen", frozen=True):
    """From here on write what goes to this path to another file (the descriptor)."""

    path: str


ToLogWriter = Attach | Reopen
FDS = {Attach: 2, Reopen: 1}
"""Descriptors that come with each message."""
