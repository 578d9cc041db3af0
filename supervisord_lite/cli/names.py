"""Names for shell completion: the daemon is asked, briefly, and its absence is not worth a word."""

from collections.abc import Mapping
from typing import Any

import click

from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import ControlError, Reply

PATIENCE = 0.2  # seconds; a shell waits for this at every press of Tab


def ask_briefly(ctx: click.Context, command: Mapping[str, Any]) -> Reply:
    """The daemon's reply, or an empty one where it does not answer at once."""
    session = ctx.find_object(Session) or Session()
    try:
        with session.connect(PATIENCE) as client:
            return client.request(command, timeout=PATIENCE)
    except ControlError:
        return {}


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names that begin with `incomplete`: companions, instances, `NAME:*`, `all`; none when unreachable."""
    reply = ask_briefly(ctx, {"cmd": "status"})
    if not reply:
        return []
    names: dict[str, None] = {}
    for program in reply.get("companions", ()):
        companion = str(program.get("companion", program["name"]))
        names[companion] = None
        if program["name"] != companion:
            names[f"{companion}:*"] = None
            names[program["name"]] = None
    names["all"] = None
    given = ctx.params.get(param.name or "") or ()
    return [name for name in names if name.startswith(incomplete) and name not in given]


def complete_pools(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of pools that begin with `incomplete`."""
    pools = ask_briefly(ctx, {"cmd": "status"}).get("pools", ())
    return [str(pool["name"]) for pool in pools if str(pool.get("name")).startswith(incomplete)]
