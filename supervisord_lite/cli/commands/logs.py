"""`supctl logs`: what a program writes, wherever that goes."""

import json
import select
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument
from supervisord_lite.cli.exits import FAILED
from supervisord_lite.cli.journal import JournalTail, journalctl, open_reader
from supervisord_lite.cli.paint import complain, wants_colour
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.sources import FileSource, JournalSource, Places, Source, places_of

GLANCE = 250  # milliseconds between looks at files: there is no end of a file to wait for


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl logs scheduler", "its last 10 lines"),
        ("supctl logs scheduler -f", "and what it writes from now on"),
        ("supctl logs worker -n 100", "the last 100 lines of every instance"),
        ("supctl logs web --stderr", "only its stderr, where that goes elsewhere than stdout"),
    ),
)
@names_argument()
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many lines.",
)
@click.option("--stdout", "stream", flag_value="stdout", help="Only stdout.")
@click.option("--stderr", "stream", flag_value="stderr", help="Only stderr.")
@click.pass_obj
def logs(session: Session, names: tuple[str, ...], follow: bool, lines: int, stream: str | None) -> None:
    """Print the last lines that programs wrote, from the journal or from their log files.

    Where they go is asked of the daemon. The journal is read with the extra "systemd"; without it the command
    to use instead (journalctl) is printed. With --json each line is one object.
    """
    reply = session.ask({"cmd": "status", **name_field(names)})
    places = places_of(reply.get("companions", ()), stream)
    sources, complaints = _open(places, lines, reply.get("daemon", {}))
    if complaints and session.json:
        print(json.dumps({"ok": False, "error": "; ".join(complaints), "code": "failed"}))
    for complaint in complaints:
        complain(complaint)
    try:
        shown = _show(session, sources, follow)
    finally:
        for source in sources:
            source.close()
    if complaints and not (sources and shown):
        raise click.exceptions.Exit(FAILED)
    if not shown:
        complain(f"nothing written yet, or not readable by this user: {'; '.join(s.title for s in sources)}")


def _open(places: Places, count: int, daemon: Mapping[str, Any]) -> tuple[list[Source], list[str]]:
    """What can be read, and a sentence for everything that cannot."""
    sources: list[Source] = []
    complaints = []
    for path, writer in places.files.items():
        try:
            sources.append(FileSource(path, writer, count))
        except OSError as error:
            complaints.append(
                f"{writer}: cannot read {path}: {(error.strerror or str(error)).lower()}; try sudo"
            )
    if places.identifiers:
        command = journalctl(places.identifiers)
        try:
            tail = JournalTail(open_reader(), places.identifiers, count)
            sources.append(JournalSource(tail, places.identifiers, wants_colour(sys.stdout)))
        except ImportError:
            complaints.append(f"reading the journal needs the Python package systemd-python; use: {command}")
        except OSError as error:
            complaints.append(
                f"cannot open the journal: {(error.strerror or str(error)).lower()}; try: {command}"
            )
    if places.inherited:
        where = f"see journalctl -u {daemon['unit']}" if daemon.get("unit") else "look where it was started"
        writers = ", ".join(places.inherited)
        complaints.append(f"{writers}: goes where the daemon's own output goes (inherit); {where}")
    return sources, complaints


def _show(session: Session, sources: Sequence[Source], follow: bool) -> bool:
    """Print what there is, then what comes; whether there was anything."""
    last: Source | None = None
    titled = len(sources) > 1 and not session.json
    poll = select.poll()
    waitable = [fd for source in sources if (fd := source.fileno()) is not None]
    for fd in waitable:
        poll.register(fd, select.POLLIN)
    while True:
        for source in sources:
            for line in source.lines(session.json, follow):
                if titled and source is not last:
                    print(f"{'' if last is None else chr(10)}==> {source.title} <==")
                last = source
                print(line)
        sys.stdout.flush()
        if not follow or not sources:
            return last is not None or not sources
        poll.poll(None if len(waitable) == len(sources) else GLANCE)
