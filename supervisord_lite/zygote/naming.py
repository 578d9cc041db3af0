"""What "module:callable" names."""

import importlib
from collections.abc import Callable
from types import ModuleType


def resolve(target: str) -> Callable[[], object]:
    """The callable that "module:attribute.path" names.

    Raises whatever its import raises, AttributeError, or TypeError where it is not callable.
    """
    module, _, path = target.partition(":")
    return follow(importlib.import_module(module), path)


def follow(module: ModuleType, path: str) -> Callable[[], object]:
    """The callable at the end of a dotted path from a module. Raises AttributeError or TypeError."""
    found: object = module
    for name in path.split("."):
        found = getattr(found, name)
    if not callable(found):
        raise TypeError(f"{module.__name__}:{path} is not callable")
    return found
