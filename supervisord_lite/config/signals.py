"""Signals as systemd users write them: "SIGTERM", "TERM", 15."""

import re
import signal
from typing import ClassVar, Self

from supervisord_lite.config.value import nearest, shown

REALTIME = re.compile(r"RT(MIN|MAX)(?:([+-])([0-9]+))?")


class Signal(int):
    """The number of a signal that can be sent to a program."""

    __slots__ = ()
    kind: ClassVar[str] = "signal"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the number for a name, with or without SIG, or a number (signal(7))."""
        if isinstance(written, bool) or not isinstance(written, int | str):
            raise ValueError(f"{cls._expected()}, not {shown(written)}")
        if isinstance(written, int) or written.strip().isdecimal():
            number = int(written)
        else:
            number = cls._named(written)
        if number not in signal.valid_signals():
            raise ValueError(f"{cls._expected()}; {shown(written)} is no signal that can be sent here")
        return cls(number)

    @classmethod
    def _expected(cls) -> str:
        return 'must be a signal such as "SIGTERM", "TERM" or 15'

    @classmethod
    def _named(cls, written: str) -> int:
        name = written.strip().upper().removeprefix("SIG")
        if match := REALTIME.fullmatch(name):
            base = signal.SIGRTMIN if match[1] == "MIN" else signal.SIGRTMAX
            return base + int(f"{match[2] or '+'}{match[3] or 0}")
        member = signal.Signals.__members__.get(f"SIG{name}")
        if member is None:
            hint = nearest(f"SIG{name}", signal.Signals.__members__)
            raise ValueError(f"{cls._expected()}, not {shown(written)}{hint}")
        return int(member)

    @property
    def written(self) -> str:
        """The signal's name, for docs."""
        return signal.Signals(self).name


class MaybeSignal(Signal):
    """A signal, or 0 for none."""

    __slots__ = ()
    kind = 'signal, or "off"'

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the signal's number, 0 where the file says false or "off"."""
        return cls(0) if written is False or written == "off" else super().parse(written)

    @classmethod
    def _expected(cls) -> str:
        return 'must be a signal such as "SIGHUP", "HUP" or 1, or "off"'

    @property
    def written(self) -> str:
        """The signal's name, for docs."""
        return super().written if self else "off"
