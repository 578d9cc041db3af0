"""Numbers that are neither durations nor sizes: modes, limits, exit codes, counts."""

import re
from typing import Any, ClassVar, Self

from supervisord_lite.config.size import LARGEST, bytes_of
from supervisord_lite.config.value import nearest, shown

INFINITY = -1  # resource.RLIM_INFINITY
RLIMITS = (
    *("as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nice", "nofile", "nproc"),
    *("rss", "rtprio", "rttime", "sigpending", "stack"),
)


class Mode(int):
    """Permission bits of a file, or a mask of them."""

    __slots__ = ()
    kind: ClassVar[str] = "octal mode"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the bits for an octal string ("0600") or a TOML integer (0o600)."""
        if isinstance(written, str) and re.fullmatch(r"(0o)?[0-7]{1,4}", written.strip()):
            number = int(written.strip().removeprefix("0o"), 8)
        elif isinstance(written, int) and not isinstance(written, bool):
            number = written
        else:
            raise ValueError(f'must be an octal mode such as "0600", not {shown(written)}')
        if not 0 <= number <= 0o777:
            hint = f'; write "0{written}"' if re.fullmatch("[0-7]{3}", str(written)) else ""
            raise ValueError(f'must be an octal mode from "0000" to "0777", not {shown(written)}{hint}')
        return cls(number)

    @property
    def written(self) -> str:
        """The spelling that cannot be taken for decimal."""
        return f"{self:04o}"


class RlimitPair(tuple[int, int]):
    """A soft and a hard limit, -1 for infinity."""

    __slots__ = ()
    kind: ClassVar[str] = "limit"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return (soft, hard) for a number, a size ("1G"), "infinity", or "soft:hard" of these."""
        if isinstance(written, bool) or not isinstance(written, int | str):
            raise ValueError(f"{EXPECTED_LIMIT}, not {shown(written)}")
        halves = written.split(":") if isinstance(written, str) else [written]
        if len(halves) > 2:
            raise ValueError(f"{EXPECTED_LIMIT}, not {shown(written)}")
        limits = [_limit(half, written) for half in halves]
        soft, hard = limits[0], limits[-1]
        if hard != INFINITY and (soft == INFINITY or soft > hard):
            raise ValueError(f"must not have a soft limit above the hard one, as {shown(written)} has")
        return cls((soft, hard))

    @classmethod
    def check_key(cls, key: str) -> None:
        """Raise ValueError unless `key` names a limit of getrlimit(2)."""
        if rlimit_name(key) not in RLIMITS:
            name = rlimit_name(key)
            raise ValueError(
                f"is not a resource limit{nearest(name, RLIMITS) or '; known: ' + ', '.join(RLIMITS)}"
            )


EXPECTED_LIMIT = 'must be a limit such as 4096, "1G", "infinity" or "1024:4096" (soft:hard)'


def rlimit_name(key: str) -> str:
    """Return the short name of a limit: "nofile" for "RLIMIT_NOFILE", "LimitNOFILE" and "NOFILE" alike."""
    return key.lower().removeprefix("rlimit_").removeprefix("limit")


def _limit(half: int | str, written: object) -> int:
    if isinstance(half, int):
        number = half
    elif half.strip() == "infinity":
        return INFINITY
    else:
        number = bytes_of(half.strip(), written, EXPECTED_LIMIT)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{EXPECTED_LIMIT}, not {shown(written)}")
    return number


class ExitCodes(tuple[int, ...]):
    """Exit codes of a process, 0 to 255."""

    __slots__ = ()
    kind: ClassVar[str] = "exit codes"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the codes for one integer or a list of them, each once and in order."""
        codes: list[Any] = written if isinstance(written, list) else [written]
        for code in codes:
            if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= 255:
                raise ValueError(f"must be a list of exit codes from 0 to 255, which {shown(code)} is not")
        return cls(sorted(set(codes)))

    @property
    def written(self) -> list[int]:
        """A list, for docs."""
        return list(self)


class Integer(int):
    """A whole number within bounds."""

    __slots__ = ()
    kind: ClassVar[str] = "integer"
    least: ClassVar[int]
    most: ClassVar[int]

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the number."""
        if isinstance(written, bool) or not isinstance(written, int) or not cls.least <= written <= cls.most:
            raise ValueError(f"must be an integer from {cls.least} to {cls.most}, not {shown(written)}")
        return cls(written)

    @property
    def written(self) -> int | str:
        """The number, for docs."""
        return int(self)


class Nice(Integer):
    """A scheduling priority (setpriority(2))."""

    __slots__ = ()
    least, most = -20, 19


class Instances(Integer):
    """How many instances of a companion run; the upper bound only catches a slip of the finger."""

    __slots__ = ()
    least, most = 0, 10_000


class Workers(Integer):
    """How many workers a pool has; the upper bound only catches a slip of the finger."""

    __slots__ = ()
    least, most = 1, 10_000


class Threads(Integer):
    """How many calls a worker takes at a time; the upper bound only catches a slip of the finger."""

    __slots__ = ()
    least, most = 1, 1000


class Queue(Integer):
    """How many calls may wait."""

    __slots__ = ()
    least, most = 1, 1_000_000


class Calls(Integer):
    """How many calls, or 0 for "off"."""

    __slots__ = ()
    kind = 'integer, or "off"'
    least, most = 0, LARGEST

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the number, 0 where the file says false, "off" or "unlimited"."""
        if written is False or written in ("off", "unlimited", "infinity"):
            return cls(0)
        if isinstance(written, bool) or not isinstance(written, int) or written < 0:
            raise ValueError(f'must be an integer, 0 or more, or "off", not {shown(written)}')
        return super().parse(written)

    @property
    def written(self) -> int | str:
        """The number, for docs."""
        return int(self) or "off"


class MaxRestarts(Integer):
    """How many restarts are allowed, or -1 for any number."""

    __slots__ = ()
    kind = 'integer, or "unlimited"'
    least, most = 0, 1_000_000

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the number, -1 where the file says "unlimited", "off" or false."""
        if written is False or written in ("unlimited", "off", "infinity"):
            return cls(-1)
        if isinstance(written, bool) or not isinstance(written, int) or written < 0:
            raise ValueError(f'must be an integer, 0 or more, or "unlimited", not {shown(written)}')
        return super().parse(written)

    @property
    def written(self) -> int | str:
        """The number, for docs."""
        return int(self) if self >= 0 else "unlimited"
