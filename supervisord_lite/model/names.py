"""Names as commands give them: NAME, NAME:2, NAME:*, a glob, all."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase


class UnknownProgram(Exception):
    """No program answers to this name."""

    def __init__(self, name: str, nearest: str | None = None) -> None:
        hint = f'; did you mean "{nearest}"?' if nearest else ""
        verb = "matches" if _is_glob(name) else "is called"
        super().__init__(f'no program {verb} "{name}"{hint}')
        self.name = name


ALL = ("all", "*")


def select(patterns: Iterable[str], groups: Mapping[str, str]) -> list[str]:
    """The names that the patterns mean, each once, in the order of `groups` (name to companion or pool).

    NAME means every program of that group, NAME:* too, NAME:1 also the only instance of a companion. What
    means nobody is a mistake, and raises `UnknownProgram`; only "all" and "*" may mean nobody.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = {name for name, group in groups.items() if _matches(pattern, name, group)}
        if not found and pattern not in ALL:
            raise UnknownProgram(pattern, nearest(pattern, (*groups, *groups.values())))
        chosen |= found
    return [name for name in groups if name in chosen]


def _matches(pattern: str, name: str, group: str) -> bool:
    if pattern in ("all", name, group, f"{group}:*"):
        return True
    if name == group and pattern == f"{group}:1":
        return True
    return _is_glob(pattern) and (fnmatchcase(name, pattern) or fnmatchcase(group, pattern))


def _is_glob(pattern: str) -> bool:
    return pattern == "all" or any(character in pattern for character in "*?[")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of these names that somebody who wrote `name` may have meant."""
    from difflib import get_close_matches  # only where somebody mistyped: the daemon stays small

    found = get_close_matches(name, set(names), n=1)
    return found[0] if found else None
