"""`supctl wait`: a deployment script's pause that ends when it should."""

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument, timeout_option
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.verdicts import act, spoken, verdict_lines

STATES = ("ready", "running", "stopped", "exited", "fatal", "backoff", "starting", "stopping")


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl wait web --for running --timeout 30s", "until it serves, or exit with status 5"),
        ("supctl wait migrate --for ready", "until it runs, or has finished well"),
    ),
)
@names_argument()
@click.option(
    "--for",
    "state",
    type=click.Choice(STATES, case_sensitive=False),
    default="running",
    show_default=True,
    help="The state to wait for; ready: it runs, or it has finished well.",
)
@timeout_option
@click.pass_obj
def wait(session: Session, names: tuple[str, ...], state: str, timeout: float | None) -> None:
    """Wait until each named program is in a state. Returns at once if all of them are.

    Nothing is started or stopped. Without --timeout there is no limit.
    """
    command = {"cmd": "wait", **name_field(names), "for": state.lower(), "timeout": timeout}
    reply = act(session, command, f"waiting for {spoken(names)} to be {state.lower()}", timeout)
    session.emit(reply, verdict_lines(reply))
