"""`supctl completion`: the script that makes a shell complete commands, options and program names."""

import click

from supervisord_lite.cli.command import SupctlCommand
from supervisord_lite.cli.exits import DONE, USAGE
from supervisord_lite.cli.session import Session


@click.command(
    cls=SupctlCommand,
    exits=(DONE, USAGE),
    examples=(
        ('eval "$(supctl completion bash)"', "in ~/.bashrc"),
        ("supctl completion zsh > ~/.zfunc/_supctl", "with ~/.zfunc in fpath"),
        ("supctl completion fish | source", "in ~/.config/fish/config.fish"),
    ),
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_obj
def completion(session: Session, shell: str) -> None:
    """Print the completion script for SHELL. The packaged installation brings all three.

    Program names are asked of the daemon, with a limit of 200 ms; without a daemon none are offered.
    """
    from supervisord_lite.cli.completion import SCRIPTS

    session.emit({"ok": True, "shell": shell, "script": SCRIPTS[shell]}, [SCRIPTS[shell].rstrip("\n")])
