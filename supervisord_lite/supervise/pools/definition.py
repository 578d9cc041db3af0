"""What a pool is by the configuration in force."""

from msgspec import Struct

from supervisord_lite.config.program import Pool, Stash


class Definition(Struct, frozen=True):
    """A pool's table, the zygote of its identity, and the stash."""

    pool: Pool
    zygote: str
    stash: Stash | None
    """None where there is none to be had."""
