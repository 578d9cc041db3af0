"""`supctl status`: the table, one program's details, and whether what was named runs."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from supervisord_lite.cli.command import GLOBAL_EXITS, SupctlCommand, names_argument
from supervisord_lite.cli.exits import FAILED, NOT_RUNNING
from supervisord_lite.cli.paint import printable, wants_colour
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.table import Program, daemon_line, programs_of, table
from supervisord_lite.control.client import Reply


@click.command(
    cls=SupctlCommand,
    exits=GLOBAL_EXITS,
    examples=(
        ("supctl status", "all companions"),
        ("supctl status 'web:*'", "the instances of web; exit status 3 unless all of them run"),
        ("supctl status scheduler", "its details: last exit, restarts, outputs, user"),
        ("supctl status dirty", "a pool: queue, waiting times, what each worker does"),
        ("supctl status --watch", "a table that keeps itself up to date"),
        ("supctl status --json | jq -r '.companions[].pid'", "for scripts"),
    ),
)
@names_argument(required=False)
@click.option("-v", "--verbose", is_flag=True, help="Show the details of every program, and the daemon.")
@click.option(
    "-a", "--all", "every", is_flag=True, help="Show the daemon's own programs too: spawner and zygotes."
)
@click.option(
    "-w", "--watch", "watching", is_flag=True, help="Keep showing it, redrawn at each change, until Ctrl-C."
)
@click.pass_obj
def status(session: Session, names: tuple[str, ...], verbose: bool, every: bool, watching: bool) -> None:
    """Show each program's name, state and a description: pid and uptime, or what happened and comes next.

    Naming one program shows its details. Naming a pool shows its workers and apps: what each worker runs and
    for how long, calls, errors and memory; how many calls wait, and how long they waited and ran, as the
    median (P50) and for all but one in a hundred (P99) of the latest. "supctl pool NAME" has each call.

    A last line tells of the daemon if it is starting or stopping.

    The states: STARTING (not ready yet), RUNNING, BACKOFF (ended, waits to be started again), STOPPING,
    STOPPED (by hand, or not started yet), EXITED (finished, and not to be started again), FATAL (given up).
    """
    if watching:
        from supervisord_lite.cli.watch import watch

        watch(session, names, every)
        return
    reply = session.ask({"cmd": "status", **name_field(names)})
    if any(pool.get("name") in names for pool in reply.get("pools", ())):
        _show_pools(session, reply, names, verbose)
        return
    programs = programs_of(reply, every)
    troubles = [_trouble(pool) for pool in reply.get("pools", ()) if pool.get("error") and not names]
    one = _is_one(names, programs)
    session.emit(reply, () if session.json else _lines(reply, programs, verbose, one, troubles))
    if names and any(program["state"] != "RUNNING" for program in reply.get("companions", ())):
        raise click.exceptions.Exit(NOT_RUNNING)


def _show_pools(session: Session, reply: Reply, names: tuple[str, ...], verbose: bool) -> None:
    """The pools among the names, each with its report, then the other programs."""
    from supervisord_lite.cli.pool import ask, pools_among
    from supervisord_lite.cli.pool_view import details, summary

    with session.connect() as client:
        pools = [ask(client, name, reply) for name in pools_among(reply, names)]
    others = [p for p in programs_of(reply, False) if p.get("companion") not in {pool.name for pool in pools}]
    lines: list[str] = []
    for pool in () if session.json else pools:
        lines += [
            *([""] if lines else []),
            *(details if verbose else summary)(pool, wants_colour(sys.stdout)),
        ]
    if others and not session.json:
        lines += ["", *_lines(reply, others, verbose, False)]
    session.emit({**reply, "pools": [pool.report for pool in pools]}, lines)
    if not all(pool.runs for pool in pools) or any(p["state"] != "RUNNING" for p in others):
        raise click.exceptions.Exit(NOT_RUNNING)
    if any(pool.error for pool in pools):
        raise click.exceptions.Exit(FAILED)


def _trouble(pool: Mapping[str, Any]) -> str:
    """What is wrong with a pool as a whole; without a socket it has no programs that could tell."""
    return printable(f"pool {pool['name']}: {pool['error']}")


def _is_one(names: tuple[str, ...], programs: list[Program]) -> bool:
    """Whether the operator asked about one program in particular."""
    return (
        len(names) == 1 and len(programs) == 1 and not any(c in names[0] for c in "*?[") and names[0] != "all"
    )


def _lines(
    reply: Reply, programs: list[Program], verbose: bool, one: bool, troubles: Sequence[str] = ()
) -> list[str]:
    colour, now = wants_colour(sys.stdout), time.time()
    lines = []
    for line, program in zip(table(programs, colour), programs, strict=True):
        lines.append(line)
        if verbose or one:
            from supervisord_lite.cli.details import details

            lines += details(program, now)
    daemon = reply.get("daemon", {})
    lines += troubles
    if not programs and not troubles:
        lines.append("no programs are configured")
    if verbose or daemon.get("state", "running") != "running":
        lines.append(daemon_line(daemon))
    return lines
