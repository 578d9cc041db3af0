"""Durations as systemd.time(7) writes them: "5min", "1h 30s", "500ms"; a plain number is seconds."""

import math
import re
from typing import ClassVar, Self

from supervisord_lite.config.value import nearest, shown

SECONDS = {
    **dict.fromkeys(("nsec", "ns"), 1e-9),
    **dict.fromkeys(("usec", "us", "μs", "µs"), 1e-6),
    **dict.fromkeys(("msec", "ms"), 1e-3),
    **dict.fromkeys(("seconds", "second", "sec", "s"), 1.0),
    **dict.fromkeys(("minutes", "minute", "min", "m"), 60.0),
    **dict.fromkeys(("hours", "hour", "hr", "h"), 3600.0),
    **dict.fromkeys(("days", "day", "d"), 86400.0),
    **dict.fromkeys(("weeks", "week", "w"), 7 * 86400.0),
    **dict.fromkeys(("months", "month", "M"), 30.44 * 86400.0),
    **dict.fromkeys(("years", "year", "y"), 365.25 * 86400.0),
}
PART = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-zµμ]*)\s*")


class Duration(float):
    """Seconds, zero or more, and an end to them."""

    __slots__ = ()
    kind: ClassVar[str] = "duration"
    may_be_infinite: ClassVar[bool] = False
    may_be_zero: ClassVar[bool] = True

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the seconds that a number or a string of systemd.time(7) says."""
        if isinstance(written, bool) or not isinstance(written, int | float | str):
            raise ValueError(f"{cls._expected()}, not {shown(written)}")
        value = cls._seconds_of(written) if isinstance(written, str) else float(written)
        if math.isnan(value) or value < 0 or (math.isinf(value) and not cls.may_be_infinite):
            raise ValueError(f"{cls._expected()}, not {shown(written)}")
        if value == 0 and not cls.may_be_zero:
            raise ValueError('must be more than 0; write "infinity" for no limit')
        return cls(value)

    @classmethod
    def _expected(cls) -> str:
        infinite = ' or "infinity"' if cls.may_be_infinite else ""
        return f'must be a duration such as "90s", "5min" or 2.5 (seconds){infinite}'

    @classmethod
    def _seconds_of(cls, written: str) -> float:
        text = written.strip()
        if text == "infinity":
            return math.inf
        total, position = 0.0, 0
        while match := PART.match(text, position):
            number, unit = match.groups()
            if unit and unit not in SECONDS:
                raise ValueError(
                    f'{cls._expected()}, not {shown(written)}: unknown unit "{unit}"{nearest(unit, SECONDS)}'
                )
            total += float(number) * SECONDS.get(unit, 1.0)
            position = match.end()
        if position != len(text) or not text:
            raise ValueError(f"{cls._expected()}, not {shown(written)}")
        return total

    @property
    def written(self) -> str | float:
        """The shortest spelling, for docs."""
        if math.isinf(self):
            return "infinity"
        return int(self) if self.is_integer() else float(self)


class Timeout(Duration):
    """Seconds, zero or more, or no limit at all."""

    __slots__ = ()
    kind = "duration or infinity"
    may_be_infinite = True


class Span(Timeout):
    """Seconds, more than zero, or no limit at all."""

    __slots__ = ()
    may_be_zero = False


class Interval(Duration):
    """Seconds, or 0 for "off"."""

    __slots__ = ()
    kind = 'duration, or "off"'

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the seconds, 0 where the file says false, "off", 0 or "infinity" (as WatchdogSec= does)."""
        if written is False or written in ("off", "infinity", math.inf):
            return cls(0.0)
        return super().parse(written)

    @classmethod
    def _expected(cls) -> str:
        return 'must be a duration such as "90s", "5min" or 2.5 (seconds), or "off"'

    @property
    def written(self) -> str | float:
        """The shortest spelling, for docs."""
        return super().written if self else "off"
