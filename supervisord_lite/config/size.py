"""Sizes as systemd.exec(5) writes them, base 1024: "512M", "1G"; a plain number is bytes."""

import re
from typing import ClassVar, Self

from supervisord_lite.config.value import shown

LARGEST = 2**63 - 1
FACTORS = {unit: 1024**power for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")


def bytes_of(text: str, written: object, expected: str) -> int:
    """Return the bytes for "512M". Raises ValueError that begins with `expected` and names `written`."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{expected}, not {shown(written)}")
    unit = match[2]
    factor = FACTORS.get(unit.upper().removesuffix("IB"))
    if factor is None:
        raise ValueError(
            f'{expected}, not {shown(written)}: units are K, M, G, T, P and E (base 1024), not "{unit}"'
        )
    return int(float(match[1]) * factor) if "." in match[1] else int(match[1]) * factor


class Size(int):
    """Bytes, at least as many as make sense: less is a unit that was left out."""

    __slots__ = ()
    kind: ClassVar[str] = "size"
    least: ClassVar[int] = 0

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the bytes for a number or a string of systemd.exec(5)."""
        expected = 'must be a size such as "64M" or "1G"'
        if isinstance(written, bool) or not isinstance(written, int | str):
            raise ValueError(f"{expected}, not {shown(written)}")
        number = written if isinstance(written, int) else bytes_of(written.strip(), written, expected)
        if not 0 <= number <= LARGEST:
            raise ValueError(f"{expected}, not {shown(written)}")
        if number < cls.least:
            bare = re.fullmatch(r"[0-9]+", str(written).strip())
            hint = f'; did you mean "{bare[0]}M"?' if bare and number else ""
            raise ValueError(
                f"must be at least {Size(cls.least).written}, and {shown(written)} is {number} bytes{hint}"
            )
        return cls(number)

    @property
    def written(self) -> str:
        """The shortest spelling, for docs."""
        unit = max((unit for unit, factor in FACTORS.items() if self % factor == 0), key=FACTORS.__getitem__)
        return f"{self // FACTORS[unit]}{unit}" if self else "0"


class MessageSize(Size):
    """How long a message may be."""

    __slots__ = ()
    least = 1024


class Space(Size):
    """How much memory something may take."""

    __slots__ = ()
    least = 2**20


class Limit(Space):
    """How much memory something may take, or 0 for "off"."""

    __slots__ = ()
    kind = 'size, or "off"'

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the bytes, 0 where the file says false, "off" or "infinity"."""
        return cls(0) if written is False or written in ("off", "infinity") else super().parse(written)

    @property
    def written(self) -> str:
        """The shortest spelling, for docs."""
        return super().written if self else "off"
