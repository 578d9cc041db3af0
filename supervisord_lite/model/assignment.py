"""Which worker of a dirty pool loads which apps.

An app without a limit is loaded by every worker, one with a limit by that many. Whoever comes first takes all
that still needs a worker, so that few workers hold all limited apps and the others can come and go.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

Loaded = Mapping[str, tuple[str, ...]]
"""The paths of the apps that each worker has, or is to load, by its name."""


class AppSpec(Struct, frozen=True):
    """One app, `path` as in "module:Class", and how many workers load it: None for all of them."""

    path: str
    workers: int | None = None


def minimum(specs: Iterable[AppSpec]) -> int:
    """Return how many workers there must be: one, or what the app of the highest limit asks for."""
    return max((spec.workers for spec in specs if spec.workers is not None), default=1)


def apps_for_new(specs: Sequence[AppSpec], loaded: Loaded) -> tuple[str, ...]:
    """Return what one more worker loads beside these, in the order of `specs`.

    Nothing, where every app has a limit that is reached: such a worker could answer no call.
    """
    return _wanting(specs, _holders(loaded))


def allocate(specs: Sequence[AppSpec], count: int, existing: Loaded | None = None) -> list[tuple[str, ...]]:
    """Return what each of `count` new workers loads, beside those that exist; see `apps_for_new`."""
    holders = _holders(existing or {})
    new: list[tuple[str, ...]] = []
    for _ in range(count):
        apps = _wanting(specs, holders)
        for path in apps:
            holders[path] = holders.get(path, 0) + 1
        new.append(apps)
    return new


def who_leaves(specs: Sequence[AppSpec], loaded: Loaded, ages: Mapping[str, int]) -> str | None:
    """Return the worker to go when there is to be one less: the newest that no app needs.

    `ages` grow: the newest worker has the highest. A worker with no limited app goes before one whose limited
    apps have others to spare. None: without any of them an app would have fewer workers than its limit.
    """
    limits = {spec.path: spec.workers for spec in specs if spec.workers is not None}
    holders = _holders(loaded)
    free = [name for name, apps in loaded.items() if not any(path in limits for path in apps)]
    spare = [
        name
        for name, apps in loaded.items()
        if all(holders[path] > limits[path] for path in apps if path in limits)
    ]
    return max(free or spare, key=lambda name: ages[name], default=None)


def _wanting(specs: Sequence[AppSpec], holders: Mapping[str, int]) -> tuple[str, ...]:
    """Return the apps that one more worker is to load."""
    return tuple(
        spec.path for spec in specs if spec.workers is None or holders.get(spec.path, 0) < spec.workers
    )


def _holders(loaded: Loaded) -> dict[str, int]:
    """Return how many workers have each app."""
    holders: dict[str, int] = {}
    for apps in loaded.values():
        for path in apps:
            holders[path] = holders.get(path, 0) + 1
    return holders
