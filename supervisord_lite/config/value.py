"""What every kind of value in the file has in common.

A kind is a subclass of the Python type that it yields, so that a table's annotations say both what the
operator may write and what the code gets. `parse` refuses with a ValueError whose text goes on from the key:
"must be ...".
"""

from collections.abc import Iterable
from typing import ClassVar, Protocol, Self

SHOWN = 60  # characters of a refused value that are repeated to its author


class Value(Protocol):
    """A kind of value: how docs name it, and how it is read."""

    kind: ClassVar[str]

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the value for what TOML yielded. Raises ValueError with the rest of a sentence."""
        ...


def shown(written: object) -> str:
    """Return a refused value as its author would recognise it."""
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, str):
        text = written if len(written) <= SHOWN else written[:SHOWN] + "…"
        return f'"{text}"'
    if isinstance(written, list):
        return "a list"
    if isinstance(written, dict):
        return "a table"
    return str(written)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that offers the known word most like `word`, or nothing: `; did you mean "..."?`."""
    from difflib import get_close_matches  # only a refused file needs it

    words = list(known)
    found = get_close_matches(word, words, 1, 0.6) or get_close_matches(word.lower(), words, 1, 0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def refuse_nul(text: str) -> None:
    """Raise ValueError if `text` holds a NUL byte, which no path, argument or variable can hold."""
    if "\0" in text:
        raise ValueError(f"must not hold a NUL byte, as {shown(text)} does")
