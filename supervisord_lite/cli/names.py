"""Program names for shell completion: the daemon is asked, briefly, and its absence is not worth a word."""

import click

from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import ControlError

PATIENCE = 0.2  # seconds; a shell waits for this at every press of Tab


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names that begin with `incomplete`: companions, instances, `NAME:*`, `all`; none when unreachable."""
    session = ctx.find_object(Session) or Session()
    try:
        with session.connect(PATIENCE) as client:
            reply = client.request({"cmd": "status"}, timeout=PATIENCE)
    except ControlError:
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
