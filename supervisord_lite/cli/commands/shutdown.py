"""`supctl shutdown`: the orderly end of everything."""

import click

from supervisord_lite.cli.command import SupctlCommand, waiting_options
from supervisord_lite.cli.progress import Progress
from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import TimedOut


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl shutdown", "stop all programs, then the daemon, and wait for its end"),
        ("systemctl stop app-supervisor", "the usual way where systemd runs the daemon"),
    ),
)
@waiting_options
@click.pass_obj
def shutdown(session: Session, wait: bool, timeout: float | None) -> None:
    """Stop all programs in order, then the daemon, and wait until it is gone.

    Where systemd runs the daemon it is not started again: the end was clean.
    """
    with session.connect() as client, Progress("shutting down", quiet=session.json) as progress:
        reply = client.request({"cmd": "shutdown", "wait": wait})
        if wait and not client.wait_closed(timeout, progress.on_wait):
            raise TimedOut(
                f"the daemon at {client.path} still runs after {timeout:g} s; it goes on shutting down"
            )
    session.emit(reply, ["stopped" if wait else "shutting down"])
