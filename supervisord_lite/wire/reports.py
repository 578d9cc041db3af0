"""What fork servers and their children tell the daemon: one JSON object a line.

They may run anybody's code, so every line is validated, and none is too long.
"""

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

MAX_LINE = 2**20
"""Bytes; more than any report needs."""


class Prepared(Struct, tag="prepared", frozen=True, kw_only=True):
    """Fork server: everything is imported, in so many seconds. `warnings` name what that left behind."""

    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


class PreloadFailed(Struct, tag="preload-failed", frozen=True):
    """Fork server: the preload could not be imported; it exits."""

    error: str


class Forked(Struct, tag="forked", frozen=True):
    """Fork server: the child of this number is there, and is the daemon's child already."""

    id: int
    pid: int


class ForkRefused(Struct, tag="fork-refused", frozen=True):
    """Fork server: the kernel refused, with this errno."""

    id: int
    errno: int


FromServer = Prepared | PreloadFailed | Forked | ForkRefused


class SetUp(Struct, tag="set-up", frozen=True):
    """Child: it is who it is to be, and begins to work. (A command says it by end of file.)"""


class Failed(Struct, tag="failed", frozen=True):
    """Child: this is as far as it came; it exits."""

    error: str


class Examined(Struct, tag="examined", frozen=True):
    """Child: the targets that cannot be called, each with the reason."""

    problems: dict[str, str]


class Answered(Struct, tag="answered", frozen=True):
    """Child: what the call returned for each argument, or why there is no answer."""

    answers: dict[str, dict[str, Any]]
    problems: dict[str, str]


FromChild = SetUp | Failed | Examined | Answered

M = TypeVar("M")


class ReportError(Exception):
    """What arrived is no report."""


class Reader(Generic[M]):
    """Turns the bytes of a stream into reports: feed it, and take what is complete."""

    def __init__(self, union: type[M]) -> None:
        self._decoder = msgspec.json.Decoder(union)
        self._rest = b""

    def feed(self, data: bytes) -> list[M]:
        """The reports completed by these bytes, in order. Raises `ReportError`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise ReportError(f"a report of more than {MAX_LINE} bytes")
        try:
            return [self._decoder.decode(line) for line in lines]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ReportError(f"not a report: {error}") from error
