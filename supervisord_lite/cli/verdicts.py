"""Commands that act on programs and wait for a verdict on each: how they ask, and how the verdict is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from supervisord_lite.cli.paint import printable
from supervisord_lite.cli.progress import Progress
from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import Reply

GRACE = 5.0  # seconds that the daemon's own "timeout" verdict has to reach us before we stop listening


def act(session: Session, command: Mapping[str, Any], doing: str, timeout: float | None = None) -> Reply:
    """Send `command`, show `doing` while it takes, return the reply. Raises ControlError.

    `timeout` is in seconds, None for none. Where `command` carries it too, the daemon says that time is up,
    and ours is only for a daemon that hangs.
    """
    limit = timeout if timeout is None or "timeout" not in command else timeout + GRACE
    with Progress(doing, quiet=session.json) as progress:
        return session.ask(command, limit, progress.on_wait)


def verdict_lines(reply: Reply) -> list[str]:
    """`NAME: message` for each program, or the one message of the reply."""
    results: Sequence[Mapping[str, Any]] = reply.get("results", ())
    if results:
        return [printable(f"{result['name']}: {result.get('message') or 'ok'}") for result in results]
    return [printable(str(reply.get("message", "done")))]


def spoken(names: Sequence[str]) -> str:
    """The names as a sentence has them: "web, scheduler"; many are counted."""
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} programs"
