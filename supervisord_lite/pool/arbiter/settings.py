"""What holds until the daemon has said how the pool is to be."""

from supervisord_lite.wire.backstage import Settings


def blank(pool: str) -> Settings:
    """A pool without apps: calls wait in the backlog."""
    return Settings(
        pool=pool,
        apps=(),
        threads=1,
        timeout=0,
        graceful_timeout=30,
        max_queue=0,
        max_message=2**26,
        cancel_on_disconnect=False,
        pickle=False,
        max_calls=None,
        max_calls_jitter=0,
        max_age=None,
        max_age_jitter=0,
        max_memory=None,
        max_memory_jitter=0,
        stash=None,
        stash_size=0,
        stash_mode=0,
        stash_persist=False,
    )
