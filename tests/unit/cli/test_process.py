"""`supctl` as a process: what it imports, Ctrl-C, closed pipes, terminals, other users."""

import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
COMMAND = [sys.executable, "-m", "supervisord_lite.cli.main"]


def test_status_imports_nothing_heavy(daemon: Daemon, program: Make, status_of: Make) -> None:
    """Neither an event loop nor msgspec nor rich nor another command's module."""
    daemon.answer("status", status_of(program()))
    code = (
        "import sys; from supervisord_lite.cli.root import run; run(['status']);"
        "print(*(m for m in sys.modules if m.split('.')[0] in {'asyncio', 'msgspec', 'rich', 'tomli'}"
        " or m.startswith('supervisord_lite.cli.commands.') or m == 'supervisord_lite.config.value'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "supervisord_lite.cli.commands.status"


def test_status_of_a_pool_imports_nothing_heavy(daemon: Daemon, program: Make, status_of: Make) -> None:
    """What shows a pool is loaded for a pool alone, and needs nothing of what clients of pools need."""
    programs = [program("dirty:arbiter"), program("dirty:1")]
    daemon.answer("status", {**status_of(*programs), "pools": [{"name": "dirty"}]})
    daemon.answer("pool", {"ok": True, "pool": {"name": "dirty"}})
    code = (
        "import sys; from supervisord_lite.cli.root import run; run(['status', {0}]);"
        "print(*(m for m in sys.modules if m.split('.')[0] in {{'asyncio', 'msgspec', 'msgpack', 'lmdb'}}"
        " or m.startswith(('supervisord_lite.dirty', 'supervisord_lite.wire', 'supervisord_lite.cli.pool'))))"
    )
    for name, expected in (("", ""), ("dirty", "supervisord_lite.cli.pool supervisord_lite.cli.pool_view")):
        line = [sys.executable, "-c", code.format(repr(name) if name else "")]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == expected


def test_help_imports_no_command(supctl: Any) -> None:
    """The list of commands is a table."""
    code = (
        "import sys; from supervisord_lite.cli.root import run; run(['--help']);"
        "print([m for m in sys.modules if m.startswith('supervisord_lite.cli.commands')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_ctrl_c_while_waiting_is_130_without_a_traceback(daemon: Daemon) -> None:
    """The wait ends at once; the daemon goes on with what it was asked."""
    asked = threading.Event()
    daemon.answer("stop", lambda request: asked.set())
    with subprocess.Popen([*COMMAND, "stop", "web"], stdout=-1, stderr=-1, text=True) as process:
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130


def test_a_closed_pipe_is_quiet(daemon: Daemon, program: Make, status_of: Make) -> None:
    """`supctl ... | head -1`: nothing is said when nobody reads any more."""
    daemon.answer("status", status_of(*(program(f"web:{n}") for n in range(1, 3000))))
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as nowhere:
        done = subprocess.run([*COMMAND, "status"], stdout=nowhere, stderr=-1, check=False)
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence(daemon: Daemon, program: Make, status_of: Make) -> None:
    """What cannot be written is said, without a traceback."""
    daemon.answer("status", status_of(program()))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "status"], stdout=full, stderr=-1, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "supctl: no space left on device: standard output\n",
    )


def test_a_closed_stdout_is_no_reason_to_fail(daemon: Daemon, program: Make, status_of: Make) -> None:
    """`supctl status >&-` has its exit status."""
    daemon.answer("status", status_of(program()))
    line = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "status"]
    done = subprocess.run(line, stderr=-1, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def _on_a_terminal(*args: str, shown: threading.Event | None = None, **environ: str) -> str:
    """What `supctl` writes where stdout and stderr are one terminal; `shown` is set at its first byte."""
    master, terminal = pty.openpty()
    with open(terminal, "wb") as end:
        process = subprocess.Popen([*COMMAND, *args], stdout=end, stderr=end, env={**os.environ, **environ})
    written = b""
    with open(master, "rb", buffering=0) as reader:
        try:
            while data := reader.read(65536):
                written += data
                if shown is not None:
                    shown.set()
        except OSError:
            pass  # the terminal's other end is closed (EIO)
    process.wait()
    return written.decode().replace("\r\n", "\n")


def test_colour_is_for_terminals_that_want_it(daemon: Daemon, program: Make, status_of: Make) -> None:
    """A terminal gets colour, unless NO_COLOR or TERM=dumb says otherwise."""
    daemon.answer("status", status_of(program()))
    assert "\x1b[32mRUNNING\x1b[0m" in _on_a_terminal("status", TERM="xterm", NO_COLOR="")
    assert "\x1b" not in _on_a_terminal("status", TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in _on_a_terminal("status", TERM="dumb", NO_COLOR="")


def test_a_wait_shows_one_line_that_goes_away(daemon: Daemon) -> None:
    """On a terminal the wait is visible, and is wiped before the verdict."""
    shown = threading.Event()

    def once_shown(request: dict[str, Any]) -> dict[str, Any]:
        shown.wait(30)
        return {
            "ok": True,
            "message": "stopped",
            "results": [{"name": "web", "ok": True, "message": "stopped"}],
        }

    daemon.answer("stop", once_shown)
    assert _on_a_terminal("stop", "web", shown=shown) == "\r\x1b[Kstopping web ... 0 s\r\x1b[Kweb: stopped\n"


def test_watch_leaves_the_terminal_as_it_was(
    daemon: Daemon, program: Make, status_of: Make, hang_up: str
) -> None:
    """The second screen is left, and the cursor shown, also when the daemon ends."""
    daemon.answer("status", status_of(program()))
    daemon.answer("events", lambda request: [{"ok": True}, hang_up])
    written = _on_a_terminal("status", "--watch")
    assert written.startswith("\x1b[?1049h\x1b[?25l")
    assert "1 of 1 running" in written
    before, after = written.split("\x1b[?25h\x1b[?1049l")
    assert "closed the connection" in after
    assert "scheduler" in before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_told_who_may_connect(daemon: Daemon) -> None:
    """Permission denied names the users, and what to do."""
    daemon.path.parent.chmod(0o755)
    daemon.path.chmod(0o660)
    code = (
        "import os, sys; from supervisord_lite.cli.root import run; import grp, pwd, click;"
        "import supervisord_lite.cli.commands.status; os.setgroups([]); os.setresgid(65534, 65534, 65534);"
        "os.setresuid(65534, 65534, 65534); sys.exit(run(['status']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "permission denied; root and group root may connect" in done.stderr


def test_a_file_is_checked_without_a_daemon(
    folder: Path, supctl: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`check FILE` asks nobody."""
    pytest.importorskip("supervisord_lite.daemon.check")
    monkeypatch.setenv("SUPCTL_SOCKET", str(folder / "none.sock"))
    bad = folder / "bad.toml"
    bad.write_text("[companions.web]\ntargt = 'x:y'\n")
    outcome = supctl("check", str(bad), "--json")
    assert outcome.status == 1
    assert outcome.json["code"] == "config"
    assert "targt" in outcome.err
