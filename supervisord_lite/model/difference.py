"""What changed between two sets of definitions, and why: the decision behind reread and plan."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct


class Action(StrEnum):
    """What reread does with one program."""

    ADDED = "added"
    REMOVED = "removed"
    RESTARTED = "restarted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Definition(Protocol):
    """A program's definition: its `launch` needs a new process when it changes, everything else does not."""

    @property
    def launch(self) -> Struct: ...


D = TypeVar("D", bound=Definition)


class Change(Struct, frozen=True):
    """What happens to one program, and the keys that are the reason."""

    name: str
    action: Action
    why: tuple[str, ...] = ()


def compare(
    old: Mapping[str, D], new: Mapping[str, D], down: AbstractSet[str] = frozenset()
) -> tuple[Change, ...]:
    """The changes that lead from `old` to `new`, in the new order, removals last.

    A program in `down` (stopped by hand) is not started by a change: it takes the new definition and stays.
    """
    changes = [_change(name, old.get(name), definition, name in down) for name, definition in new.items()]
    changes += [Change(name, Action.REMOVED, ("no longer configured",)) for name in old if name not in new]
    return tuple(changes)


def _change(name: str, old: Definition | None, new: Definition, is_down: bool) -> Change:
    if old is None:
        return Change(name, Action.ADDED, ("newly configured",))
    launch = changed_keys(old.launch, new.launch)
    if launch and not is_down:
        return Change(name, Action.RESTARTED, launch)
    keys = launch + changed_keys(old, new, skip=frozenset({"launch"}))
    return Change(name, Action.UPDATED if keys else Action.UNCHANGED, keys)


def changed_keys(old: object, new: object, skip: AbstractSet[str] = frozenset()) -> tuple[str, ...]:
    """The names of the fields that differ, looking into nested structs: ("stop_timeout", "env.QUEUE")."""
    keys: list[str] = []
    for field in msgspec.structs.fields(type(old)):  # type: ignore[arg-type]
        name = field.name
        before, after = getattr(old, name), getattr(new, name)
        if name in skip or before == after:
            continue
        if isinstance(before, Struct) and isinstance(after, Struct):
            keys += changed_keys(before, after)
        elif isinstance(before, dict) and isinstance(after, dict):
            keys += [f"{name}.{key}" for key in _different(before, after)]
        else:
            keys.append(name)
    return tuple(keys)


def _different(before: dict[str, object], after: dict[str, object]) -> list[str]:
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]
