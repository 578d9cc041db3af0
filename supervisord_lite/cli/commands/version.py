"""`supctl version`: which daemon answers, and which `supctl` asks."""

import click

from supervisord_lite import __version__
from supervisord_lite.cli.command import SupctlCommand
from supervisord_lite.cli.session import Session


@click.command(
    cls=SupctlCommand, examples=(("supctl --version", "the version of supctl alone; no daemon is asked"),)
)
@click.pass_obj
def version(session: Session) -> None:
    """Print the version of the daemon and of supctl.

    After an upgrade they differ until the daemon is restarted.
    """
    reply = session.ask({"cmd": "version"})
    daemon = f"daemon {reply.get('version')} (pid {reply.get('pid')}, Python {reply.get('python')})"
    session.emit({**reply, "supctl": __version__}, [daemon, f"supctl {__version__}"])
