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


def select(patterns: Iterable[str], companions: Mapping[str, str]) -> list[str]:
    """The names that the patterns mean, each once, in the order of `companions` (name to companion).

    NAME means every instance of that companion, NAME:* too, NAME:1 also the only instance. What means nobody
    is a mistake, and raises `UnknownProgram`; only "all" and "*" may mean nobody.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = {name for name, companion in companions.items() if _matches(pattern, name, companion)}
        if not found and pattern not in ALL:
            raise UnknownProgram(pattern, _nearest(pattern, companions))
        chosen |= found
    return [name for name in companions if name in chosen]


def _matches(pattern: str, name: str, companion: str) -> bool:
    if pattern in ("all", name, companion, f"{companion}:*"):
        return True
    if name == companion and pattern == f"{companion}:1":
        return True
    return _is_glob(pattern) and (fnmatchcase(name, pattern) or fnmatchcase(companion, pattern))


def _is_glob(pattern: str) -> bool:
    return pattern == "all" or any(character in pattern for character in "*?[")


def _nearest(name: str, companions: Mapping[str, str]) -> str | None:
    from difflib import get_close_matches  # only where somebody mistyped: the daemon stays small

    found = get_close_matches(name, {*companions, *companions.values()}, n=1)
    return found[0] if found else None
