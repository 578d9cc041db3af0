"""What every command of `supctl` has in common: `-s`, `--json`, and a help text laid out as a manual page."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from supervisord_lite.cli.duration import Duration
from supervisord_lite.cli.exits import DONE, FAILED, MEANING, NOT_RUNNING, TIMED_OUT, UNREACHABLE, USAGE
from supervisord_lite.cli.session import Session

PROLOGUE = """Control the programs that supervisord-lite runs.

The daemon is found at SOCKET (-s), else at $SUPCTL_SOCKET, else at $GUNICORN_COMPANION_SOCKET, else at the
first of the default places that exists: $RUNTIME_DIRECTORY/control.sock,
$XDG_RUNTIME_DIR/app-supervisor/control.sock, /run/app-supervisor/control.sock.

A NAME is a program ("scheduler"), one instance ("web:2"), a pattern ("web:*", "rq-*") or "all".

"supctl COMMAND --help" describes a command."""

USUAL_EXITS = (DONE, FAILED, USAGE, UNREACHABLE, TIMED_OUT)
GLOBAL_EXITS = (DONE, FAILED, USAGE, NOT_RUNNING, UNREACHABLE, TIMED_OUT)

F = TypeVar("F", bound=Callable[..., Any] | click.Command)


def _set_socket(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).socket = value


def _set_json(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).json = True


def _shared_parameters() -> list[click.Option]:
    """New options for one command; the value goes to the session, so that the place does not matter."""
    return [
        click.Option(
            ["-s", "--socket"],
            metavar="SOCKET",
            type=click.Path(readable=False),
            callback=_set_socket,
            expose_value=False,
            help="The daemon's control socket.",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            callback=_set_json,
            expose_value=False,
            help="Print the daemon's reply as JSON.",
        ),
    ]


def shared_options(function: F) -> F:
    """Decorate the group with the options that every command takes."""
    function.__click_params__ = [*reversed(_shared_parameters()), *getattr(function, "__click_params__", [])]  # type: ignore[union-attr]
    return function


def write_exits(formatter: click.HelpFormatter, exits: Sequence[int]) -> None:
    """The section that says what the exit status means."""
    with formatter.section("Exit status"):
        formatter.write_dl([(str(status), MEANING[status]) for status in exits])


class SupctlCommand(click.Command):
    """A command with `-s` and `--json`, an exit status section and examples."""

    def __init__(
        self,
        *args: Any,
        exits: Sequence[int] = USUAL_EXITS,
        examples: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_shared_parameters())
        self.exits = exits
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """After the options: the exit status and the examples."""
        write_exits(formatter, self.exits)
        if self.examples:
            with formatter.section("Examples"):
                for command, purpose in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{command}\n")
                    formatter.indent()
                    formatter.write_text(purpose)
                    formatter.dedent()


class SupctlGroup(SupctlCommand, click.Group):
    """A command that has commands of its own, each a `SupctlCommand`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they were written."""
        return list(self.commands)


def names_argument(required: bool = True) -> Callable[[F], F]:
    """NAME..., completed with the names that the daemon knows."""
    from supervisord_lite.cli.names import complete_names

    return click.argument(
        "names",
        nargs=-1,
        required=required,
        metavar="NAME..." if required else "[NAME]...",
        shell_complete=complete_names,
    )


def waiting_options(function: F) -> F:
    """--no-wait and --timeout, for commands whose verdict takes time."""
    for decorate in (
        click.option(
            "--wait/--no-wait", "wait", default=True, help="Wait for the verdict (the default) or do not."
        ),
        timeout_option,
    ):
        function = decorate(function)
    return function


def timeout_option(function: F) -> F:
    """--timeout DURATION; without it the wait has no end of its own."""
    return click.option(
        "--timeout",
        type=Duration(),
        metavar="DURATION",
        help="Give up waiting after this long (30s, 1min 30s); what was asked for goes on.",
    )(function)
