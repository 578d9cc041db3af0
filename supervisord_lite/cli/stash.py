"""The stash from outside: through the socket of a pool, whose path the daemon knows.

supctl takes the way of every program that is not the daemon's: it reads the stash's memory where it runs as
the stash's owner, else the pool's arbiter answers. What goes wrong becomes a sentence and an exit status.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from supervisord_lite.cli.exits import FAILED, TIMED_OUT
from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import Reply

if TYPE_CHECKING:
    from supervisord_lite.dirty.stash import StashClient

DEFAULT_POOL = "dirty"
TIMEOUT = 30.0  # seconds for one operation


@contextmanager
def open_stash(session: Session, pool: str | None, timeout: float = TIMEOUT) -> "Iterator[StashClient]":
    """The stash, reached through `pool` or the default one. Ends the command where that fails."""
    path = _socket_of(session, pool)
    from supervisord_lite.dirty import DirtyError, StashClient

    try:
        with StashClient(path, timeout) as client:
            yield client
    except DirtyError as error:
        if isinstance(error.__cause__, TimeoutError):
            session.fail(TIMED_OUT, error.message, "timeout")
        session.fail(FAILED, error.message, type(error).__name__)


def choose_pool(reply: Reply, name: str | None) -> dict[str, Any] | None:
    """The pool of a status reply with this name; else the default pool, or the first that listens."""
    pools = {str(pool.get("name")): dict(pool) for pool in reply.get("pools", ())}
    if name is not None:
        return pools.get(name)
    listening = [pool for pool in pools.values() if pool.get("socket")]
    default = pools.get(DEFAULT_POOL)
    return default if default in listening else next(iter(listening), default)


def _socket_of(session: Session, name: str | None) -> str:
    reply = session.ask({"cmd": "status"})
    pool = choose_pool(reply, name)
    if pool is None:
        known = ", ".join(str(pool.get("name")) for pool in reply.get("pools", ()))
        why = f'no pool is called "{name}"; there are: {known}' if known else "no pool is configured"
        session.fail(
            FAILED, f"{why}; the stash is reached through a pool, see docs/pools.md", "unknown_program"
        )
    if not pool.get("socket"):
        session.fail(FAILED, f"pool {pool['name']} does not listen: {pool.get('error')}")
    return str(pool["socket"])
