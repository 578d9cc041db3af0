"""Which programs a request means."""

from supervisord_lite.model.names import UnknownProgram, select
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.registry import Registry

from .requests import Names, RequestRefused

MAX_NAMES = 1000
"""Names in one request: each is compared with every program."""


def configured(registry: Registry) -> list[Supervised]:
    """Every program that a file configures, in its order."""
    return [program for program in registry if not program.is_own]


def chosen(registry: Registry, names: Names) -> list[Supervised]:
    """The programs that the names mean; the daemon's own only by their full names.

    Raises `RequestRefused` where a name means nothing.
    """
    patterns = [names] if isinstance(names, str) else list(names)
    if len(patterns) > MAX_NAMES:
        raise RequestRefused(
            f"a request names at most {MAX_NAMES} programs; use a glob, or all", "bad_request"
        )
    own = [program for program in registry if program.is_own and program.name in patterns]
    others = [pattern for pattern in patterns if pattern not in {program.name for program in own}]
    groups = {program.name: program.definition.group for program in configured(registry)}
    try:
        found = select(others, groups)
    except UnknownProgram as error:
        raise RequestRefused(str(error), "unknown_program") from error
    return own + [program for name in found if (program := registry.find(name)) is not None]
