"""`supctl status --watch`: draws when the daemon reports a change, and each second while a clock is shown."""

import json
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from supervisord_lite.cli.paint import paint, printable, wants_colour
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.table import Program, daemon_line, programs_of, table
from supervisord_lite.control.client import Client, Reply

TICK = 1.0  # seconds; an uptime or a retry counts on
ENTER = "\x1b[?1049h\x1b[?25l"  # the terminal's second screen, no cursor
LEAVE = "\x1b[?25h\x1b[?1049l"


def watch(session: Session, names: Sequence[str], every: bool) -> None:
    """Show the table until interrupted or the daemon ends (Unreachable)."""
    with session.connect() as stream, session.connect() as client:
        stream.subscribe(name_field(names).get("name"))
        screen = sys.stdout.isatty() and not session.json
        if screen:
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _end)
            sys.stdout.write(ENTER)
        try:
            _follow(session, stream, client, names, every, screen)
        finally:
            if screen:
                sys.stdout.write(LEAVE)
                sys.stdout.flush()


def _end(number: int, frame: object) -> None:
    """Unwind, so that the terminal is left as it was found."""
    sys.exit(128 + number)


def _follow(
    session: Session, stream: Client, client: Client, names: Sequence[str], every: bool, screen: bool
) -> None:
    while True:
        reply = client.request({"cmd": "status", **name_field(names)})
        programs = programs_of(reply, every)
        if session.json:
            print(json.dumps(reply), flush=True)
        elif screen:
            _draw(reply, programs, client.path)
        else:
            print("\n".join(table(programs)), end="\n\n", flush=True)
        _await_change(stream, screen and ticks(programs))


def _await_change(stream: Client, ticking: bool) -> None:
    """Return after the next event, and all that came with it; or after a tick."""
    pause: float | None = TICK if ticking else None
    while stream.next_event(pause) is not None:
        pause = 0.0


def ticks(programs: Sequence[Program]) -> bool:
    """Whether any line shows a clock: an uptime, or the seconds to a restart."""
    return any(p.get("uptime") is not None or p.get("next_retry_at") is not None for p in programs)


def _draw(reply: Reply, programs: Sequence[Program], path: str) -> None:
    width, height = shutil.get_terminal_size()
    lines = frame(reply, programs, path, time.time(), wants_colour(sys.stdout), (width, height))
    sys.stdout.write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")
    sys.stdout.flush()


def frame(
    reply: Mapping[str, Any],
    programs: Sequence[Program],
    path: str,
    now: float,
    colour: bool,
    size: tuple[int, int],
) -> list[str]:
    """The lines of one screen of `size` (columns, rows); what does not fit is counted in the last one."""
    columns, rows = size
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    running = sum(p["state"] == "RUNNING" for p in programs)
    head = f"{running} of {len(programs)} running  {path}  {clock}  (Ctrl-C ends)"
    lines = [
        paint(head[:columns], "bold", colour),
        paint(daemon_line(reply.get("daemon", {}))[:columns], "dim", colour),
    ]
    room = max(rows - len(lines), 1)
    body = table([_cut(p, programs, columns) for p in programs], colour)
    if len(body) > room:
        body = [
            *body[: room - 1],
            f"... and {len(body) - room + 1} more; name some, or make the window higher",
        ]
    return lines + body


def _cut(program: Program, programs: Sequence[Program], columns: int) -> Program:
    """The program with its description cut to what the line has left."""
    before = max(len(printable(str(p["name"]))) for p in programs) + 13
    text = printable(str(program.get("description") or ""))
    return {**program, "description": text[: max(columns - before, 0)]}
