"""`supctl status`: the table, the details, the daemon's line, JSON and the exit status."""

from typing import Any

import pytest

from supervisord_lite.cli.details import details
from supervisord_lite.cli.table import table
from supervisord_lite.cli.watch import frame, ticks

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any


def test_the_table_is_name_state_description(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """Columns are as wide as they must be; nothing else is printed."""
    stopped = program("rq-default", state="STOPPED", description="stopped by hand")
    daemon.answer("status", status_of(program(), stopped))
    outcome = supctl("status")
    assert outcome.out == (
        "scheduler    RUNNING   pid 4242, uptime 0:03:12\n"
        "rq-default   STOPPED   stopped by hand\n"
    )  # fmt: skip
    assert (outcome.status, outcome.err) == (0, "")
    assert daemon.asked("status") == {"cmd": "status", "id": 1}


def test_json_is_the_reply(daemon: Daemon, supctl: Run, program: Make, status_of: Make) -> None:
    """--json before or after the command prints the reply, without the id, as one document."""
    daemon.answer("status", status_of(program()))
    assert supctl("--json", "status").json == status_of(program())
    assert supctl("status", "--json").json == status_of(program())


def test_a_named_program_that_does_not_run_is_status_3(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """Exit status 3 is for what was named; without names the table is all that was asked for."""
    daemon.answer("status", status_of(program("web:1"), program("web:2", state="BACKOFF")))
    assert supctl("status", "web:*").status == 3
    assert supctl("status").status == 0
    assert supctl("--json", "status", "web:*").status == 3


def test_several_names_are_a_list(daemon: Daemon, supctl: Run, program: Make, status_of: Make) -> None:
    """One name goes as a string, several as a list."""
    daemon.answer("status", status_of(program("a"), program("b")))
    supctl("status", "a", "b")
    assert daemon.requests[-1]["name"] == ["a", "b"]
    supctl("status", "a")
    assert daemon.requests[-1]["name"] == "a"


def test_naming_one_program_shows_its_details(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """The details follow the line of the table; a pattern or several names show the table alone."""
    last = {"sentence": "exited with status 1 after 3s; restarts in 5s", "at": 1_700_000_000.0}
    daemon.answer("status", status_of(program(last_exit=last, restarts=2, exit_count=3)))
    outcome = supctl("status", "scheduler")
    assert "last exit: exited with status 1 after 3s; restarts in 5s\n" in outcome.out
    assert "restarts: 2 (exits: 3)\n" in outcome.out
    assert "user: app-supervisor\n" in outcome.out
    assert "last exit" not in supctl("status", "sched*").out
    assert "last exit" in supctl("status", "-v").out


def test_the_daemon_has_a_line_when_it_does_not_just_run(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """A starting daemon says so after the table; with --verbose any daemon does."""
    daemon.answer("status", status_of(program(), state="starting", status="waiting for 1 of 3"))
    assert supctl("status").out.splitlines()[-1].startswith("daemon starting: waiting for 1 of 3 (pid 100,")
    daemon.answer("status", status_of(program()))
    assert "daemon running" not in supctl("status").out
    assert "daemon running: all 1 companions run" in supctl("status", "--verbose").out


def test_all_shows_the_daemons_own_programs(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """--all puts spawner and zygote into the table; they do not count for the exit status."""
    own = [program("spawner", kind="spawner"), program("zygote", kind="zygote", state="STARTING")]
    daemon.answer("status", status_of(program(), programs=own))
    assert [line.split()[0] for line in supctl("status", "--all").out.splitlines()] == [
        "spawner",
        "zygote",
        "scheduler",
    ]
    assert supctl("status", "--all", "scheduler").status == 0


def test_an_unknown_name_is_refused(daemon: Daemon, supctl: Run) -> None:
    """The daemon's sentence is printed, and is the document with --json."""
    refusal = {"ok": False, "error": "no program 'nope'; there are: scheduler", "code": "unknown_program"}
    daemon.answer("status", refusal)
    outcome = supctl("status", "nope", "--json")
    assert outcome.status == 1
    assert outcome.json == refusal
    assert outcome.err == "supctl: no program 'nope'; there are: scheduler\n"


def test_an_empty_daemon_says_so(daemon: Daemon, supctl: Run, status_of: Make) -> None:
    """No programs is a sentence, not silence."""
    daemon.answer("status", status_of())
    assert supctl("status").out == "no programs are configured\n"


def test_control_characters_do_not_reach_the_terminal(program: Make) -> None:
    """What a program says of itself cannot drive the operator's terminal."""
    (line,) = table([program(description="\x1b[2Jgone\nRUNNING")])
    assert line == "scheduler   RUNNING   \\x1b[2Jgone\\nRUNNING"


def test_colour_is_only_around_the_state(program: Make) -> None:
    """Columns stay where they are in colour."""
    (line,) = table([program()], colour=True)
    assert line == "scheduler   \x1b[32mRUNNING\x1b[0m   pid 4242, uptime 0:03:12"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"command": ["redis-server", "--port", "70 01"]}, "       command: redis-server --port '70 01'"),
        ({"next_retry_at": 105.0}, "(in 5s)"),
        ({"since": 40.0}, "(1min ago)"),
        ({"stdout": "/var/log/x.log", "stderr": "stdout"}, "        stdout: /var/log/x.log"),
        ({"stderr": "/var/log/x.err"}, "        stderr: /var/log/x.err"),
        ({"after": ["redis", "db"]}, "         after: redis, db"),
        ({"status_text": "warming up"}, "          says: warming up"),
    ],
)
def test_details_say_what_is_known(program: Make, changes: Any, expected: str) -> None:
    """Each fact has its labelled line."""
    assert expected in "\n".join(details(program(**changes), now=100.0))


def test_details_leave_out_what_is_not_known(program: Make) -> None:
    """No line is empty."""
    labels = [line.split(":")[0].strip() for line in details(program(user=None, cgroup=None), now=2e9)]
    assert "user" not in labels
    assert "cgroup" not in labels
    assert "last exit" not in labels
    assert "stderr" not in labels  # the same as stdout


def test_watch_prints_a_table_for_each_change(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make, hang_up: str
) -> None:
    """Where stdout is no terminal, --watch prints one table for each event, until the daemon ends."""
    replies = iter([status_of(program(state="STARTING")), status_of(program())])
    daemon.answer("status", lambda request: next(replies, hang_up))
    event = {"event": "transition", "name": "scheduler"}
    daemon.answer(
        "events", lambda request: [{"ok": True}, *([event] if request.get("name") else []), hang_up]
    )
    outcome = supctl("status", "--watch", "scheduler")
    assert outcome.status == 4
    assert outcome.out.startswith("scheduler   STARTING  pid 4242")


def test_watch_ticks_only_while_a_clock_is_shown(program: Make) -> None:
    """Stopped programs need no redrawing."""
    assert ticks([program()])
    assert ticks([program(uptime=None, next_retry_at=5.0)])
    assert not ticks([program(uptime=None)])


def test_a_frame_fits_the_window(program: Make, status_of: Make) -> None:
    """Lines are cut to the columns; programs that do not fit are counted."""
    programs = [program(f"web:{number}", description="x" * 200) for number in range(1, 10)]
    lines = frame(status_of(*programs), programs, "/run/x.sock", 0.0, False, (60, 8))
    assert len(lines) == 8
    assert max(map(len, lines)) <= 60 + len("; name some, or make the window higher")
    assert lines[0].startswith("9 of 9 running")
    assert lines[-1].startswith("... and 4 more")
