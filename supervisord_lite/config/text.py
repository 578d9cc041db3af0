"""Texts: paths, commands, names. Most are expanded later, when the companion they belong to is known."""

import re
import shlex
from typing import Any, ClassVar, Self

from supervisord_lite.config.value import nearest, refuse_nul, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
NAME_LENGTH = 64
RESERVED = ("all", "spawner", "zygote")
DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
TARGET = re.compile(f"{DOTTED}:{DOTTED}")
PRELOAD = re.compile(f"{DOTTED}(?::{DOTTED})?")


class Text(str):
    """A string that holds anything but a NUL byte, and is not empty."""

    __slots__ = ()
    kind: ClassVar[str] = "string"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the string as written."""
        if not isinstance(written, str):
            raise ValueError(f"must be a string, not {shown(written)}")
        refuse_nul(written)
        if not written.strip():
            raise ValueError("must not be empty; leave the key out for the default")
        return cls(written)

    @property
    def written(self) -> str:
        """The string, for docs."""
        return str(self)


class Path(Text):
    """A path, relative to the directory of the file it stands in."""

    __slots__ = ()
    kind = "path"


class Account(Text):
    """A user or a group, by name or number."""

    __slots__ = ()
    kind = "name or number"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the name, or the number in decimal."""
        if isinstance(written, int) and not isinstance(written, bool) and 0 <= written < 2**32 - 1:
            return cls(str(written))
        if not isinstance(written, str):
            raise ValueError(f"must be a name or a number, not {shown(written)}")
        return super().parse(written)


class Output(Path):
    """Where a program's stdout goes: a word or a path."""

    __slots__ = ()
    kind = '"journal", "inherit" or path'
    words: ClassVar[tuple[str, ...]] = ("journal", "inherit")

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the word or the path; words of other supervisors that look like paths are refused."""
        text = super().parse(written)
        if text in cls.words:
            return text
        if text == "stdout":
            raise ValueError(
                'must not be "stdout", which only stderr can be; write "journal", "inherit" or a path'
            )
        if text.lower() in ("none", "null", "off"):
            raise ValueError(
                f'must be "journal", "inherit" or a path, not {shown(text)}; to discard, "/dev/null"'
            )
        if text.lower() in ("auto", "stderr", "syslog", "socket", "tty", *cls.words):
            raise ValueError(
                f'must be "journal", "inherit" or a path, not {shown(text)}; "./{text}" for a file so named'
            )
        if re.match(r"(append|file|truncate|fd):", text):
            raise ValueError(f"must be a path alone, not {shown(text)}; it is always opened for append")
        return text


class ErrorOutput(Output):
    """Where a program's stderr goes: as stdout, or into the same."""

    __slots__ = ()
    kind = '"journal", "inherit", "stdout" or path'
    words = ("journal", "inherit", "stdout")


class Target(Text):
    """A callable, by the module that holds it."""

    __slots__ = ()
    kind = "module:callable"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the target if it has the form; whether it can be imported is tried elsewhere."""
        text = super().parse(written)
        if TARGET.fullmatch(text):
            return text
        hint = ""
        if re.fullmatch(f"{DOTTED}\\.[^\\W\\d]\\w*", text):
            module, _, name = text.rpartition(".")
            hint = f'; did you mean "{module}:{name}"?'
        elif text.endswith(")"):
            hint = "; it is called without arguments and written without parentheses"
        elif " " in text or "/" in text:
            hint = '; a program to execute is given with "command"'
        raise ValueError(f'must be "module:callable", not {shown(text)}{hint}')


class Texts(tuple[str, ...]):
    """Several strings; one alone may be written without a list."""

    __slots__ = ()
    kind: ClassVar[str] = "string or list of strings"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the strings, each checked."""
        items: list[Any] = written if isinstance(written, list) else [written]
        for item in items:
            if not isinstance(item, str):
                raise ValueError(f"must be a string or a list of strings, which {shown(item)} is not")
            refuse_nul(item)
            if not item.strip():
                raise ValueError("must not hold an empty string")
        return cls(items)

    @property
    def written(self) -> list[str]:
        """A list, for docs."""
        return list(self)


class Paths(Texts):
    """Several paths."""

    __slots__ = ()
    kind = "path or list of paths"


class Names(Texts):
    """Several companions and pools."""

    __slots__ = ()
    kind = "name or list of names"


class Preloads(Texts):
    """Modules to import, or callables to call after their import."""

    __slots__ = ()
    kind = "module or module:callable, or a list of these"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the modules if each has the form."""
        for item in (texts := super().parse(written)):
            if not PRELOAD.fullmatch(item):
                raise ValueError(f'must be "module" or "module:callable", not {shown(item)}')
        return texts


class Command(tuple[str, ...]):
    """A program and its arguments."""

    __slots__ = ()
    kind: ClassVar[str] = "string or list of strings"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the words of a list, or of a string as a POSIX shell splits it (nothing else of a shell)."""
        if isinstance(written, str):
            try:
                words = shlex.split(written)
            except ValueError as error:
                raise ValueError(
                    f"cannot be split into words: {str(error).lower()} in {shown(written)}"
                ) from error
        elif isinstance(written, list):
            words = written
        else:
            raise ValueError(f"must be a list of strings or a string, not {shown(written)}")
        for number, word in enumerate(words):
            if not isinstance(word, str):
                raise ValueError(
                    f"must be a list of strings, but word {number} is {shown(word)}; put it in quotes"
                )
            refuse_nul(word)
        if not words or not words[0].strip():
            raise ValueError("must not be empty")
        return cls(words)


def check_name(name: str) -> None:
    """Raise ValueError unless `name` can be that of a companion or a pool."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"is not a name: {shown(name)} must begin with a letter or digit and go on with letters, digits, "
            "and _ . @ -"
        )
    if len(name) > NAME_LENGTH:
        raise ValueError(f"is not a name: it has {len(name)} characters, and {NAME_LENGTH} is the most")
    if name in RESERVED or name.startswith("zygote@"):
        raise ValueError(f'cannot be named "{name}", which has a meaning of its own; choose another name')


class Level(Text):
    """From which severity on the daemon logs."""

    __slots__ = ()
    kind = "log level"
    levels: ClassVar[tuple[str, ...]] = ("debug", "info", "warning", "error", "critical")

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the level in lower case; "warn" is what supervisord calls warning."""
        text = {"warn": "warning"}.get(str(written).lower(), str(written).lower())
        if not isinstance(written, str) or text not in cls.levels:
            levels = ", ".join(f'"{level}"' for level in cls.levels)
            hint = nearest(text, cls.levels) if isinstance(written, str) else ""
            raise ValueError(f"must be one of {levels}, not {shown(written)}{hint}")
        return cls(text)
