"""A configuration that may come into force."""

from msgspec import Struct

from supervisord_lite.config.program import Configuration
from supervisord_lite.model.difference import Change
from supervisord_lite.supervise.plan import Plan

from .pools import PoolChange


class Intent(Struct, frozen=True):
    """A configuration that may come into force, and what leads to it."""

    configuration: Configuration
    planned: dict[str, Plan]
    changes: tuple[Change, ...]
    scaled: dict[str, int]
    counts: dict[str, int]
    """Instances of each companion, and workers of each pool, as the file has them, whatever was scaled."""
    pools: tuple[PoolChange, ...] = ()
