"""The `supctl` group: imports only the command that is asked for, and ends every one the same way."""

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from supervisord_lite import __version__
from supervisord_lite.cli.command import GLOBAL_EXITS, PROLOGUE, shared_options, write_exits
from supervisord_lite.cli.exits import DONE, FAILED, INTERRUPTED, USAGE, status_of
from supervisord_lite.cli.paint import complain, printable
from supervisord_lite.cli.session import Session
from supervisord_lite.control.client import ControlError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETE_VARIABLE = "_SUPCTL_COMPLETE"


class Entry(NamedTuple):
    """Where a command lives, in `commands/`, and what the list of commands says about it."""

    module: str
    summary: str
    attribute: str = ""  # where it differs from the command's name
    hidden: bool = False


COMMANDS = {
    "status": Entry("status", "Show what the programs are doing."),
    "start": Entry("lifecycle", "Start programs."),
    "stop": Entry("lifecycle", "Stop programs."),
    "restart": Entry("lifecycle", "Stop programs and start them again."),
    "scale": Entry("scale", "Change how many instances of a companion, or workers of a pool, run."),
    "pool": Entry("pool", "Show all about a pool and its calls, or end a call."),
    "stash": Entry("stash", "Look into what programs share."),
    "wait": Entry("wait", "Wait until programs are in a state."),
    "signal": Entry("signal", "Send a signal to programs."),
    "pid": Entry("pid", "Print the pid of the daemon or of programs."),
    "logs": Entry("logs", "Show what a program writes."),
    "events": Entry("events", "Print state changes as they happen."),
    "check": Entry("check", "Say all that is wrong with a configuration."),
    "plan": Entry("reread", "Show what reread would do, and why."),
    "reread": Entry("reread", "Apply what changed in the configuration."),
    "reload": Entry("reread", "Reread, or let programs reload themselves."),
    "shutdown": Entry("shutdown", "Stop all programs and the daemon."),
    "version": Entry("version", "Print the version of the daemon and of supctl."),
    "completion": Entry("completion", "Print a shell completion script."),
    "update": Entry("reread", "Same as reread.", "reread", hidden=True),
    "tail": Entry("logs", "Same as logs.", "logs", hidden=True),
}


class Supctl(click.Group):
    """A group that imports a command's module when that command is invoked or asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names to show, in the order of the table."""
        return [name for name, entry in COMMANDS.items() if not entry.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"supervisord_lite.cli.commands.{entry.module}")
        command = getattr(module, entry.attribute or cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest known command named for an unknown one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx), 1)
            hint = f"did you mean {near[0]!r}?" if near else "see supctl --help"
            raise click.UsageError(f"no such command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Commands from the table, then the group's options."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=COMMANDS[name].summary) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table: a list needs no imports."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the numbers mean."""
        write_exits(formatter, GLOBAL_EXITS)


@click.group(
    cls=Supctl,
    help=PROLOGUE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@shared_options
@click.version_option(__version__, prog_name="supctl", message="%(prog)s %(version)s")
def supctl() -> None:
    """The group itself does nothing."""


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit status. The only place where errors become sentences."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a program may be named or say anything
    session = Session()
    try:
        status = _invoke(list(args), session)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return FAILED
    except OSError as error:  # what commands expect to fail they handle: this is stdout on a full disk
        _drop_stdout()
        complain(f"{(error.strerror or str(error)).lower()}: {error.filename or 'standard output'}")
        return FAILED
    except KeyboardInterrupt:
        return _interrupted()
    return status


def _invoke(args: list[str], session: Session) -> int:
    try:
        if COMPLETE_VARIABLE in os.environ:
            from supervisord_lite.cli.completion import complete

            complete(supctl, args, session)
            return DONE
        if not args:
            with supctl.make_context("supctl", ["status"], obj=session) as ctx:
                print(supctl.get_help(ctx), file=sys.stderr)
            return USAGE
        with supctl.make_context("supctl", args, obj=session) as ctx:
            supctl.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            print(error.ctx.get_usage(), file=sys.stderr)
        complain(error.format_message())
        return error.exit_code
    except ControlError as error:
        return _report(error, session)
    return DONE


def _report(error: ControlError, session: Session) -> int:
    """One sentence on stderr, then what is known of each program or key; with --json the reply on stdout."""
    if session.json:
        print(json.dumps(error.reply), flush=True)
    complain(printable(str(error)))
    for problem in error.reply.get("problems", ()):
        if str(problem.get("message")) in str(error) and len(error.reply["problems"]) == 1:
            continue  # the sentence was about it
        where = ": ".join(part for part in (problem.get("file"), problem.get("key")) if part)
        print(f"  {printable(where)}: {printable(str(problem.get('message')))}", file=sys.stderr)
    if not session.json:
        results = error.reply.get("results", ())
        for result in results if len(results) > 1 else ():  # the sentence was about the only one
            line = f"{result.get('name')}: {result.get('message')}"
            print(f"  {printable(line)}", file=sys.stderr)
    return status_of(error)


def _interrupted() -> int:
    if sys.stderr.isatty():
        print(file=sys.stderr)  # closes the line of the terminal's ^C
    return INTERRUPTED


def _drop_stdout() -> None:
    """Nobody reads any more: let the interpreter's last flush go nowhere instead of complaining."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)
