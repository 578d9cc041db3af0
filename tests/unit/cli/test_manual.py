"""The help texts, the manual page and the docs say what the program does."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from supervisord_lite.cli.command import SupctlCommand, SupctlGroup
from supervisord_lite.cli.root import COMMANDS, supctl
from supervisord_lite.cli.session import Session

Run = Any  # the fixture of conftest.py
ROOT = Path(__file__).parents[3]
MANUAL = ROOT / "packaging" / "man" / "supctl.1"
VISIBLE = [name for name, entry in COMMANDS.items() if not entry.hidden]


def _command(name: str) -> SupctlCommand:
    command = supctl.get_command(click.Context(supctl), name)
    assert isinstance(command, SupctlCommand)
    return command


def _all_commands() -> dict[str, SupctlCommand]:
    """Every command that can be typed, by its words: "stash keys" too."""
    found = {name: _command(name) for name in COMMANDS}
    for name, command in list(found.items()):
        if isinstance(command, SupctlGroup):
            for inner, its in command.commands.items():
                assert isinstance(its, SupctlCommand)
                found[f"{name} {inner}"] = its
    return found


ALL = _all_commands()


@pytest.mark.parametrize("name", ALL)
def test_every_command_loads_and_explains_itself(supctl: Run, name: str) -> None:
    """What it does, its options, the exit status, examples."""
    outcome = supctl(*name.split(), "--help")
    assert (outcome.status, outcome.err) == (0, "")
    for section in ("Usage: supctl ", "Options:", "--json", "Exit status:", "Examples:"):
        assert section in outcome.out


@pytest.mark.parametrize("name", ALL)
def test_every_example_can_be_typed(name: str) -> None:
    """An example is a command line that parses."""
    for example, _ in ALL[name].examples:
        for part in example.partition(" | ")[0].partition(" > ")[0].split(" && "):
            words = shlex.split(part)
            if words[0] != "supctl" or words[1].startswith("-"):
                continue
            known = 2 if " ".join(words[1:3]) in ALL else 1
            command, rest = ALL[" ".join(words[1 : 1 + known])], words[1 + known :]
            command.make_context(words[1], rest, obj=Session(), parent=click.Context(supctl))


@pytest.mark.parametrize("text", [MANUAL, ROOT / "docs" / "supctl.md"], ids=["manual", "docs"])
def test_the_manual_has_every_command_and_option(text: Path) -> None:
    """A new command or option is written about in both places."""
    content = text.read_text().replace("\\-", "-")
    missing = [name for name in VISIBLE if name not in content]
    for name, command in ALL.items():
        for option in command.params:
            if isinstance(option, click.Option):
                missing += [
                    f"{name} {flag}"
                    for flag in (*option.opts, *option.secondary_opts)
                    if flag not in content and flag not in ("--socket",)
                ]
    assert missing == []


def test_the_manual_page_is_valid() -> None:
    """groff has nothing to say about it."""
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(MANUAL)], capture_output=True, check=True)
    assert done.stderr == b""
