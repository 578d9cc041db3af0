"""`supctl reread`, `reload` and `plan`: from the configuration file to the programs."""

import click

from supervisord_lite.cli.command import (
    SupctlCommand,
    names_argument,
    timeout_option,
    waiting_options,
)
from supervisord_lite.cli.paint import printable
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.verdicts import act, spoken, verdict_lines
from supervisord_lite.control.client import Reply

ACTIONS = ("added", "removed", "restarted", "updated")


def _changes(reply: Reply) -> list[str]:
    """What a reread did, a line for each program that it touched; with --no-wait that is not known yet."""
    if not any(action in reply for action in (*ACTIONS, "unchanged")):
        return verdict_lines(reply)
    lines = [f"{name}: {action}" for action in ACTIONS for name in reply.get(action, ())]
    lines += _warnings(reply)
    if not any(reply.get(action) for action in ACTIONS):
        lines.append(f"nothing changed ({len(reply.get('unchanged', ()))} programs left alone)")
    return [printable(line) for line in lines]


def _warnings(reply: Reply) -> list[str]:
    return [f"warning: {warning}" for warning in reply.get("warnings", ())]


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl plan && supctl reread", "look first, then apply"),
        ("supctl reread --json", "the names of what was added, removed, restarted, updated"),
    ),
)
@timeout_option
@click.pass_obj
def reread(session: Session, timeout: float | None) -> None:
    """Read the configuration file again and apply what changed.

    New programs start, removed ones stop, and those whose own definition changed restart; where only the
    policy changed (timeouts, restart rules) the process is left alone and the new policy holds ("updated").
    All others are not touched. A file that is wrong in any way changes nothing: the old configuration is
    kept, and all that is wrong is printed.
    """
    reply = act(session, {"cmd": "reread"}, "rereading", timeout)
    session.emit(reply, _changes(reply))


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl reload", "what systemctl reload app-supervisor runs"),
        ("supctl reload nginx", "send its reload_signal, or restart it if it has none"),
        ("supctl reload dirty", "replace the workers of a pool one by one"),
    ),
)
@names_argument(required=False)
@waiting_options
@click.pass_obj
def reload(session: Session, names: tuple[str, ...], wait: bool, timeout: float | None) -> None:
    """Without NAME: reread the configuration. With NAME: let these programs reload themselves.

    A named program gets its reload_signal; one that has none is restarted. A named pool replaces its workers
    one by one, each when its relief is ready, so that no call is lost.
    """
    command = {"cmd": "reload", **name_field(names), "wait": wait}
    if names:
        command["timeout"] = timeout  # a reread has none of the daemon's
    reply = act(session, command, f"reloading {spoken(names)}".rstrip(), timeout)
    session.emit(reply, verdict_lines(reply) if names else _changes(reply))


@click.command(
    cls=SupctlCommand,
    examples=(("supctl plan", "what would change, and why"),),
)
@click.option("--all", "every", is_flag=True, help="List unchanged programs too.")
@click.pass_obj
def plan(session: Session, every: bool) -> None:
    """Print what reread would do to each program and why, and do nothing.

    The configuration is checked as reread checks it; if it would be refused, all that is wrong is printed.
    """
    reply = act(session, {"cmd": "plan"}, "checking the configuration")
    changes = [c for c in reply.get("changes", ()) if every or c.get("action") != "unchanged"]
    lines = []
    for change in changes:
        why = "; ".join(change.get("why", ()))
        lines.append(f"{change['name']}: {change['action']}{f' ({why})' if why else ''}")
    if not changes:
        lines.append("nothing would change")
    session.emit(reply, [printable(line) for line in lines + _warnings(reply)])
