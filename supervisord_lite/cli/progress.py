"""One line on a terminal that says what is being waited for, and goes away when it is known."""

import sys
from types import TracebackType
from typing import Self

PATIENCE = 0.3  # seconds; a verdict that comes sooner shows no line at all


class Progress:
    """Use it as a context manager and hand `on_wait` to `Client.request`; without a terminal it is silent."""

    def __init__(self, text: str, quiet: bool = False) -> None:
        self._text = text
        self._shown = ""
        self._visible = sys.stderr.isatty() and not quiet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def on_wait(self, waited: float) -> None:
        """Show or refresh the line; `waited` is in seconds."""
        if not self._visible or waited < PATIENCE:
            return
        line = f"{self._text} ... {int(waited)} s"
        if line != self._shown:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self._shown = line
