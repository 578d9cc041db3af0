"""What the classes of a pool's apps ask for by themselves, and what is wrong with it."""

from collections.abc import Mapping

from msgspec import Struct

from supervisord_lite.config.program import Pool
from supervisord_lite.model.assignment import AppSpec, minimum

DESCRIBE = "supervisord_lite.pool.apps:describe"
"""Asked in a throwaway fork: the class attributes of one app."""


class Attributes(Struct, frozen=True):
    """The apps with the limits of their classes, where the configuration has none, and their stash tables."""

    specs: tuple[AppSpec, ...]
    tables: tuple[str, ...] = ()

    def too_few(self, workers: int) -> str | None:
        """Why so many workers are not enough; None: they are."""
        least = minimum(self.specs)
        if workers >= least:
            return None
        app = next(spec for spec in self.specs if spec.workers == least)
        return (
            f'must be at least {least}, not {workers}: the class of "{app.path}" asks for {least} '
            f'(its attribute "workers"); write "{app.path}:N" in apps to have it in N workers'
        )


def understood(pool: Pool, answers: Mapping[str, Mapping[str, object]]) -> Attributes:
    """The configuration with what the classes say; an app that could not be asked has no attributes."""
    specs: list[AppSpec] = []
    tables: list[str] = []
    for spec in pool.apps:
        found = answers.get(spec.path, {})
        limit = found.get("workers")
        given = spec.workers if spec.workers is not None else limit
        specs.append(AppSpec(spec.path, given if isinstance(given, int) and given > 0 else None))
        stashes = found.get("stashes") or ()
        if isinstance(stashes, list | tuple):
            tables += [name for name in stashes if isinstance(name, str)]
    return Attributes(tuple(specs), tuple(dict.fromkeys(tables)))
