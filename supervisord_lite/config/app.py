"""The apps of a pool: "module:Class", or "module:Class:N" to load it in N workers only."""

import re
from typing import Any, ClassVar, Self

from supervisord_lite.config.text import DOTTED, Text
from supervisord_lite.config.value import refuse_nul, shown
from supervisord_lite.model.assignment import AppSpec

PATH = re.compile(f"{DOTTED}:{DOTTED}")
EXPECTED = 'must be "module:Class" or "module:Class:N"'
MOST = 10_000  # workers of an app; the bound only catches a slip of the finger


class Apps(tuple[AppSpec, ...]):
    """What the workers of a pool load."""

    __slots__ = ()
    kind: ClassVar[str] = "module:Class or module:Class:N, or a list of these"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the apps if each has the form; whether they can be imported is tried elsewhere."""
        items: list[Any] = written if isinstance(written, list) else [written]
        apps: dict[str, AppSpec] = {}
        for item in items:
            app = _app(item)
            if app.path in apps:
                raise ValueError(f'names "{app.path}" twice; once is enough, with or without its number')
            apps[app.path] = app
        if not apps:
            raise ValueError('must not be empty; name what the workers load, as in ["module:Class"]')
        return cls(apps.values())


def _app(item: object) -> AppSpec:
    if not isinstance(item, str):
        raise ValueError(f"{EXPECTED}, or a list of these, which {shown(item)} is not")
    refuse_nul(item)
    if PATH.fullmatch(item):
        return AppSpec(item)
    path, _, count = item.rpartition(":")
    if not PATH.fullmatch(path):
        raise ValueError(f"{EXPECTED}, not {shown(item)}{_meant(item)}")
    if not re.fullmatch("[0-9]{1,9}", count) or not 1 <= int(count) <= MOST:
        raise ValueError(f"{EXPECTED} with N from 1 to {MOST}, not {shown(item)}")
    return AppSpec(path, int(count))


def _meant(item: str) -> str:
    if re.fullmatch(f"{DOTTED}\\.[^\\W\\d]\\w*", item):
        module, _, name = item.rpartition(".")
        return f'; did you mean "{module}:{name}"?'
    return "; a class is written without parentheses" if item.endswith(")") else ""


class Module(Text):
    """A module, by its dotted name."""

    __slots__ = ()
    kind = "module"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the name if it has the form; whether it can be imported is tried elsewhere."""
        text = super().parse(written)
        if re.fullmatch(DOTTED, text) and not text.endswith(".py"):
            return text
        hint = ""
        if text.endswith(".py"):
            hint = "; it is imported, and written without its ending and with dots"
        elif PATH.fullmatch(text):
            hint = f'; did you mean "{text.partition(":")[0]}"? Its functions are found by their names'
        raise ValueError(f'must be a module such as "package.hooks", not {shown(text)}{hint}')


class PoolKind(Text):
    """What a pool's workers do."""

    __slots__ = ()
    kind = "pool kind"
    kinds: ClassVar[tuple[str, ...]] = ("dirty",)

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the kind if this release has it."""
        text = super().parse(written)
        if text == "http":
            raise ValueError('must be "dirty": this release has no pools of kind "http" yet')
        if text not in cls.kinds:
            raise ValueError(f'must be "dirty", not {shown(text)}')
        return text
