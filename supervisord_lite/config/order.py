"""What `after` says between companions and pools: only known names, and no circle."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from supervisord_lite.config.given import Given
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.text import Names
from supervisord_lite.config.value import nearest


class Table(Protocol):
    """The part of a table that is read here."""

    @property
    def after(self) -> Names: ...


class Ordered(Protocol):
    """A companion or a pool: what `after` says, where, and what stands for it where others wait for it."""

    @property
    def table(self) -> Table: ...
    @property
    def given(self) -> Mapping[str, Given]: ...
    def instance_names(self) -> tuple[str, ...]: ...


class Order:
    """Who comes after whom, by the names of companions and pools."""

    def __init__(self, known: Mapping[str, Ordered]) -> None:
        self.known = known

    def check(self, problems: Problems, *, complete: bool) -> None:
        """Note names in `after` that are not there (if all files could be read), and circles."""
        for one in self.known.values():
            given = one.given.get("after")
            if given is None:
                continue
            for name in given.value:
                if name not in self.known and complete:
                    problems.add(
                        given.file, given.key, f'names "{name}", and there is no {self._missing(name)}'
                    )
        graph = {name: one.table.after for name, one in self.known.items()}
        for cycle in find_cycles(graph):
            given = self.known[cycle[0]].given["after"]
            problems.add(
                given.file,
                given.key,
                f"goes in a circle: {' after '.join(cycle)}; none of them could ever be started",
            )

    def after(self, one: Ordered) -> tuple[str, ...]:
        """Return the names of the programs and pools that this one waits for."""
        found = (
            name
            for other in one.table.after
            if other in self.known
            for name in self.known[other].instance_names()
        )
        return tuple(dict.fromkeys(found))

    def _missing(self, name: str) -> str:
        head, colon, _ = name.partition(":")
        if colon and head in self.known:
            return f'such companion or pool; write "{head}", which means the whole of it'
        return f"companion or pool of that name{nearest(name, self.known)}"


def find_cycles(after: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return each circle once, as the names along it with the first repeated at the end.

    Names that `after` does not hold as keys are passed over.
    """
    cycles: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in after:
        path: list[str] = []
        branches = [iter((start,))]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                if path:
                    done.add(path.pop())
            elif name in path:
                cycles.append((*path[path.index(name) :], name))
            elif name in after and name not in done:
                path.append(name)
                branches.append(iter(after[name]))
    return cycles
