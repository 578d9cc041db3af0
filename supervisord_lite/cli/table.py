"""The table that `supctl status` prints: name, state, description, as supervisorctl has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from supervisord_lite.cli.paint import paint, printable

Program = Mapping[str, Any]
STATE_WIDTH = 10  # the longest state and a gap


def table(programs: Sequence[Program], colour: bool = False) -> list[str]:
    """One line for each program."""
    names = [printable(str(program["name"])) for program in programs]
    width = max(map(len, names), default=0) + 3
    lines = []
    for name, program in zip(names, programs, strict=True):
        state = str(program["state"])
        gap = " " * max(1, STATE_WIDTH - len(state))
        description = printable(str(program.get("description") or ""))
        lines.append(f"{name:<{width}}{paint(state, state, colour)}{gap}{description}".rstrip())
    return lines


def programs_of(reply: Mapping[str, Any], every: bool) -> list[Program]:
    """The programs of a status reply; with `every` the daemon's own (spawner, zygotes) first."""
    own = reply.get("daemon", {}).get("programs", ()) if every else ()
    return [*own, *reply.get("companions", ())]


def daemon_line(daemon: Mapping[str, Any]) -> str:
    """What the daemon says of itself, in one line."""
    facts = [f"pid {daemon.get('pid')}", f"version {daemon.get('version')}"]
    if daemon.get("unit"):
        facts.append(f"unit {daemon['unit']}")
    if daemon.get("config"):
        facts.append(f"configuration {daemon['config']}")
    return printable(f"daemon {daemon.get('state')}: {daemon.get('status') or '-'} ({', '.join(facts)})")
