"""`supctl scale`: more or fewer instances of a companion, or workers of a pool, until the daemon ends."""

import re
from typing import Any

import click

from supervisord_lite.cli.command import SupctlCommand, timeout_option
from supervisord_lite.cli.names import complete_names
from supervisord_lite.cli.paint import printable
from supervisord_lite.cli.session import Session
from supervisord_lite.cli.verdicts import act


class Count(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """`4`, `+1` or `-1`."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """An absolute number as int, a change as the text that the protocol takes."""
        text = str(value)
        if not re.fullmatch(r"[+-]?\d{1,6}", text, re.ASCII):
            self.fail(f"{text!r} is not a count; write it as 4, +1 or -1", param, ctx)
        return text if text[0] in "+-" else int(text)


@click.command(
    cls=SupctlCommand,
    context_settings={"ignore_unknown_options": True},  # so that a bare -1 is an argument
    examples=(
        ("supctl scale worker 4", "four instances"),
        ("supctl scale worker +1", "one more"),
        ("supctl scale worker -1", "one fewer; the last one is stopped"),
        ("supctl scale dirty +1", "one more worker of the pool dirty"),
    ),
)
@click.argument("name", shell_complete=complete_names)
@click.argument("count", type=Count(), metavar="COUNT")
@timeout_option
@click.pass_obj
def scale(session: Session, name: str, count: int | str, timeout: float | None) -> None:
    """Set or change how many instances of companion NAME, or workers of pool NAME, run: COUNT is 4, +1 or -1.

    The number holds until the daemon ends, or the number in the file (instances, workers) changes; put it
    there to keep it.
    Instances that go are stopped as "supctl stop" does, the highest number first. A worker that goes finishes
    the calls that it runs; no pool gets fewer workers than its apps ask for.
    """
    command = {"cmd": "scale", "name": name, "count": count}
    reply = act(session, command, f"scaling {name}", timeout)
    lines = [f"{added}: added" for added in reply.get("added", ())]
    lines += [f"{removed}: removed" for removed in reply.get("removed", ())]
    noun = "worker" if "workers" in reply else "instance"
    number = reply.get(f"{noun}s")
    lines.append(f"{name}: {number} {noun}{'' if number == 1 else 's'}")
    session.emit(reply, [printable(line) for line in lines])
