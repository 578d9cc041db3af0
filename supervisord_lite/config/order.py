"""What `after` says between companions: only known names, and no circle."""

from collections.abc import Mapping, Sequence


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
