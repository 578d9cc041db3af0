"""`supctl events`: every transition, as it happens."""

import json
import time

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument
from supervisord_lite.cli.paint import printable
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.control.client import Reply


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl events", "all programs, until Ctrl-C"),
        ("supctl events worker --past 20 --json", "the last 20, then the next ones, a JSON object a line"),
    ),
)
@names_argument(required=False)
@click.option("--past", type=click.IntRange(min=0), metavar="N", help="Print the last N transitions first.")
@click.pass_obj
def events(session: Session, names: tuple[str, ...], past: int | None) -> None:
    """Print the state changes of all programs, or of those named, until interrupted or the daemon ends.

    With --json each line is one object. When this reader is too slow the daemon leaves events out and says
    how many.
    """
    with session.connect() as client:
        client.subscribe(name_field(names).get("name"), past)
        for event in client.events():
            print(json.dumps(event) if session.json else event_line(session, event), flush=True)


def event_line(session: Session, event: Reply) -> str:
    """One event for a person; the time is local."""
    if event.get("event") == "dropped":
        return session.paint(f"({event.get('count')} events left out: this reader is too slow)", "dim")
    if event.get("event") != "transition":
        return printable(json.dumps(event))
    seconds = float(event["time"])
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) + f".{int(seconds % 1 * 1000):03d}"
    state = session.paint(str(event["to"]), str(event["to"]))
    text = (
        f"{event.get('trigger')}; {event.get('description')}"
        if event.get("description")
        else event.get("trigger")
    )
    return f"{clock} {printable(str(event['name']))}: {event['from']} -> {state} ({printable(str(text))})"
