"""`supctl start`, `stop` and `restart`: what an operator wants of a program, and whether it came true."""

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument, waiting_options
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.verdicts import act, spoken, verdict_lines


def _change(session: Session, verb: str, names: tuple[str, ...], wait: bool, timeout: float | None) -> None:
    command = {"cmd": verb, **name_field(names), "wait": wait, "timeout": timeout}
    doing = f"{'stopping' if verb == 'stop' else verb + 'ing'} {spoken(names)}"
    reply = act(session, command, doing, timeout)
    session.emit(reply, verdict_lines(reply))


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl start scheduler", "start one program and wait until it runs"),
        ("supctl start 'web:*' worker", "every instance of web, and worker"),
        ("supctl start all", "whatever does not run"),
    ),
)
@names_argument()
@waiting_options
@click.pass_obj
def start(session: Session, names: tuple[str, ...], wait: bool, timeout: float | None) -> None:
    """Start programs and wait until each runs, or has failed to.

    A program that runs already counts as started. Starting clears what is remembered of earlier failures; a
    program stopped by hand is kept running again from now on.
    """
    _change(session, "start", names, wait, timeout)


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl stop scheduler", "stop one program and wait until it is gone"),
        ("supctl stop all --no-wait", "ask every program to stop and return at once"),
    ),
)
@names_argument()
@waiting_options
@click.pass_obj
def stop(session: Session, names: tuple[str, ...], wait: bool, timeout: float | None) -> None:
    """Stop programs and wait until each is gone, with every process that it started.

    A program gets its stop_signal, and after its stop_timeout it is killed. It stays stopped, through
    reread too, until it is started again. A program that is starting or waiting for its restart can be
    stopped as well.
    """
    _change(session, "stop", names, wait, timeout)


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl restart scheduler", "one program"),
        ("supctl restart all --timeout 1min", "every program; give up waiting after a minute"),
    ),
)
@names_argument()
@waiting_options
@click.pass_obj
def restart(session: Session, names: tuple[str, ...], wait: bool, timeout: float | None) -> None:
    """Stop programs, start them again, and wait until each runs, or has failed to.

    A program that is stopped is started.
    """
    _change(session, "restart", names, wait, timeout)
