"""`supctl pid`: process ids for scripts."""

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument
from supervisord_lite.cli.exits import FAILED
from supervisord_lite.cli.session import Session, name_field


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl pid", "the daemon's"),
        ("py-spy dump --pid $(supctl pid scheduler)", "one program's"),
    ),
)
@names_argument(required=False)
@click.pass_obj
def pid(session: Session, names: tuple[str, ...]) -> None:
    """Print the pid of the daemon, or of each named program, a line for each.

    A named program without a process prints no line and makes the command fail.
    """
    if not names:
        version = session.ask({"cmd": "version"})
        session.emit(version, [str(version["pid"])])
        return
    reply = session.ask({"cmd": "status", **name_field(names)})
    programs = reply.get("companions", ())
    missing = [f"{p['name']} ({p['state']})" for p in programs if p.get("pid") is None]
    if not missing:
        session.emit(reply, [str(p["pid"]) for p in programs])
        return
    if not session.json:
        session.emit(reply, [str(p["pid"]) for p in programs if p.get("pid") is not None])
    session.fail(FAILED, f"no process: {', '.join(missing)}; see supctl status", companions=programs)
