"""`supctl check`: all that is wrong with a configuration, with or without a daemon."""

import click

from supervisord_lite.cli.command import SupctlCommand
from supervisord_lite.cli.session import Session
from supervisord_lite.cli.verdicts import act
from supervisord_lite.control.client import Refused


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl check", "the file that the daemon was started with"),
        ("supctl check ./app-supervisor.toml", "a file, before it is installed; no daemon is needed"),
    ),
)
@click.argument("file", required=False, type=click.Path(), metavar="[FILE]")
@click.pass_obj
def check(session: Session, file: str | None) -> None:
    """Check a configuration and print everything that is wrong with it.

    With FILE the check runs here and now, as this user, and no daemon is asked. Without FILE the daemon
    checks the file that it was started with. Nothing is applied either way.
    """
    if file is None:
        session.emit(act(session, {"cmd": "check"}, "checking the configuration"), ["no problems found"])
        return
    problems = _check_here(file)
    if problems:
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        message = f"{file}: {count}; correct the keys named here"
        reply = {"ok": False, "error": message, "code": "config", "problems": problems}
        raise Refused("config", message, reply)
    session.emit({"ok": True}, [f"{file}: no problems found"])


def _check_here(file: str) -> list[dict[str, str]]:
    """The problems of `file` as the protocol has them."""
    from supervisord_lite.daemon.check import check  # the one question that needs the daemon's code

    return [{"file": p.file, "key": p.key, "message": p.message} for p in check(file)]
