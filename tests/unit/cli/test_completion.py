"""Completion: the candidates, the scripts, and that a daemon's absence is silent."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.cli.completion import SCRIPTS, write_scripts

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any
PACKAGED = Path(__file__).parents[3] / "packaging" / "completion"


@pytest.fixture
def candidates(supctl: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the shell is offered for the last word."""
    monkeypatch.setenv("_SUPCTL_COMPLETE", "1")

    def call(*words: str) -> list[str]:
        outcome = supctl(*words)
        assert (outcome.status, outcome.err) == (0, "")
        return [line.split("\t")[1] for line in outcome.out.splitlines()]

    return call


def test_commands_are_completed(candidates: Any) -> None:
    """Visible commands that begin so; hidden ones are not offered."""
    assert candidates("st") == ["status", "start", "stop", "stash"]
    assert candidates("u") == []


def test_options_are_completed(candidates: Any) -> None:
    """Those of the command, and those that every command takes."""
    assert candidates("stop", "--") == ["--timeout", "--wait", "--no-wait", "--socket", "--json", "--help"]


def test_names_are_asked_of_the_daemon(
    daemon: Daemon, candidates: Any, program: Make, status_of: Make
) -> None:
    """Companions, instances, the pattern for all of them, and all; not what is on the line already."""
    daemon.answer("status", status_of(program("web:1"), program("web:2"), program("worker")))
    assert candidates("restart", "") == ["web", "web:*", "web:1", "web:2", "worker", "all"]
    assert candidates("restart", "web:") == ["web:*", "web:1", "web:2"]
    assert candidates("stop", "--no-wait", "worker", "w") == ["web", "web:*", "web:1", "web:2"]
    assert candidates("-s", str(daemon.path), "scale", "wo") == ["worker"]


def test_an_absent_daemon_is_silent(folder: Path, candidates: Any) -> None:
    """No names, no noise."""
    assert candidates("-s", str(folder / "none.sock"), "restart", "") == []


def test_a_daemon_that_does_not_answer_is_not_waited_for(daemon: Daemon, candidates: Any) -> None:
    """A hanging daemon costs the shell a fifth of a second."""
    daemon.answer("status", None)
    assert candidates("restart", "") == []


def test_choices_and_signals_are_completed(candidates: Any) -> None:
    """Values that are known without a daemon."""
    assert candidates("wait", "web", "--for", "st") == ["stopped", "starting", "stopping"]
    assert candidates("signal", "HU") == ["HUP"]
    assert candidates("signal", "SIGUSR") == ["SIGUSR1", "SIGUSR2"]
    assert candidates("completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(supctl: Run, shell: str) -> None:
    """`completion SHELL` needs no daemon."""
    assert supctl("completion", shell).out == SCRIPTS[shell]


def test_the_packaged_scripts_are_the_printed_ones(folder: Path) -> None:
    """What `make install` installs is what `supctl completion` prints."""
    write_scripts(folder)
    for written in folder.iterdir():
        assert (PACKAGED / written.name).read_text() == written.read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid(folder: Path, shell: str) -> None:
    """The shell itself finds no fault with it."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = folder / "script"
    script.write_text(SCRIPTS[shell])
    assert subprocess.run([shell, "-n", str(script)], capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("supctl restart web:", ["*", "1"]),
        ("supctl restart w", ["web", "web:*", "web:1"]),
        ("supctl stat", ["status"]),
    ],
)
def test_bash_completes_past_the_colon(
    daemon: Daemon, program: Make, status_of: Make, folder: Path, line: str, expected: list[str]
) -> None:
    """Bash splits words at colons; the script gives it only what follows."""
    import sys

    daemon.answer("status", status_of(program("web:1")))
    command = folder / "supctl"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m supervisord_lite.cli.main "$@"\n')
    command.chmod(0o755)
    test = (
        f"{SCRIPTS['bash']}\nPATH={folder}:$PATH; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; _supctl\n"
    )
    shell = [shutil.which("bash") or "bash", "--norc", "-c", test + 'printf "%s\\n" "${COMPREPLY[@]}"']
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected
