"""`supctl signal`: a signal to the processes of programs, known to the daemon before they see it."""

import signal as signals
from typing import TYPE_CHECKING, Any

import click

from supervisord_lite.cli.command import SupctlCommand, names_argument
from supervisord_lite.cli.session import Session, name_field
from supervisord_lite.cli.verdicts import act, verdict_lines

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class SignalName(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """`HUP`, `SIGHUP` or `1`."""

    name = "signal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, as the protocol takes it."""
        from supervisord_lite.config.signals import Signal

        try:
            return int(Signal.parse(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """The names, with or without SIG as typed."""
        from click.shell_completion import CompletionItem

        names = [signal.name for signal in signals.Signals]
        if not incomplete.upper().startswith("S"):
            names = [name.removeprefix("SIG") for name in names]
        return [CompletionItem(name) for name in names if name.startswith(incomplete.upper())]


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl signal HUP nginx", "by name"),
        ("supctl signal 10 'web:*'", "by number, to every instance"),
    ),
)
@click.argument("signal_number", type=SignalName(), metavar="SIGNAL")
@names_argument()
@click.pass_obj
def signal(session: Session, signal_number: int, names: tuple[str, ...]) -> None:
    """Send SIGNAL to the main process of each named program.

    SIGNAL is HUP, SIGHUP or 1. What the program then does is its own affair: if it ends, that is an exit like
    any other and its restart policy applies. To stop a program for good use "supctl stop".
    """
    reply = act(session, {"cmd": "signal", **name_field(names), "signal": signal_number}, "signalling")
    session.emit(reply, verdict_lines(reply))
