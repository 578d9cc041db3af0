"""What is refused, where, and with which words."""

import os
from pathlib import Path

import pytest

from supervisord_lite.config.load import load
from supervisord_lite.config.problem import ConfigError

from .conftest import ENVIRON, Site

RUN = '[companions.q]\ncommand = "sleep 1"\n'

REFUSED = {
    "unknown_key": (RUN + "stop_timout = 3", "companions.q.stop_timout", 'did you mean "stop_timeout"?'),
    "unknown_section": ("[queues.x]", "queues", 'unknown key "queues"'),
    "misspelt_section": ("[companion.x]", "companion", 'did you mean "companions"?'),
    "key_of_supervisord": (
        RUN + "stopwaitsecs = 3",
        "companions.q.stopwaitsecs",
        'here it is called "stop_timeout"',
    ),
    "key_of_systemd": (
        RUN + 'WorkingDirectory = "/"',
        "companions.q.WorkingDirectory",
        'here it is called "cwd"',
    ),
    "key_of_another_table": (RUN + "preload = []", "companions.q.preload", "belongs under [supervisor]"),
    "name_as_key": (RUN + 'name = "q"', "companions.q.name", "last part of its table's head"),
    "name_with_a_dot": (
        '[companions.mail.out]\ncommand = "sleep 1"',
        "companions.mail.out",
        'is written in quotes, [companions."mail.out"]',
    ),
    "section_is_no_table": ("supervisor = 3", "supervisor", "must be a table, [supervisor], not 3"),
    "companions_is_no_table": (
        "companions = []",
        "companions",
        "must hold tables, [companions.NAME], not a list",
    ),
    "companion_is_no_table": (
        "[companions]\nq = 1",
        "companions.q",
        "must be a table, [companions.q], not 1",
    ),
    "env_is_no_table": (RUN + "env = 3", "companions.q.env", "must be a table such as { NAME = ... }, not 3"),
    "wrong_type": (RUN + 'autostart = "yes"', "companions.q.autostart", 'must be true or false, not "yes"'),
    "bad_choice": (RUN + 'restart = "allways"', "companions.q.restart", 'did you mean "always"?'),
    "choice_of_wrong_type": (RUN + "restart = true", "companions.q.restart", '"never", not true'),
    "nothing_to_run": ("[companions.q]", "companions.q", "has nothing to run"),
    "two_things_to_run": (RUN + 'target = "a:b"', "companions.q", 'both "target" and "command"'),
    "bad_name": (
        '[companions."a b"]\ncommand = "sleep 1"',
        'companions."a b"',
        "must begin with a letter or digit",
    ),
    "taken_name": ('[companions.all]\ncommand = "sleep 1"', "companions.all", "has a meaning of its own"),
    "unknown_after": (
        RUN + 'after = "r"',
        "companions.q.after",
        'names "r", and there is no companion or pool of that name',
    ),
    "near_after": (RUN + 'after = "qq"', "companions.q.after", 'did you mean "q"?'),
    "instance_in_after": (
        RUN + 'after = "q:1"',
        "companions.q.after",
        'write "q", which means the whole of it',
    ),
    "circle": (RUN + 'after = "q"', "companions.q.after", "goes in a circle: q after q"),
    "delay_does_not_grow": (RUN + "restart_delay_max = 5", "companions.q.restart_delay_max", "greater than"),
    "delay_above_default_maximum": (
        "[companion_defaults]\nrestart_delay_max = 9\n" + RUN + "restart_delay = 10",
        "companions.q.restart_delay",
        "restart_delay_max (9s) must be greater than restart_delay (10s)",
    ),
    "watchdog_without_notify": (RUN + "watchdog_sec = 3", "companions.q.watchdog_sec", "needs notify = true"),
    "unknown_user": (
        RUN + 'user = "rooot"',
        "companions.q.user",
        'unknown user "rooot"; did you mean "root"?',
    ),
    "unknown_group": (RUN + 'group = "zqxj"', "companions.q.group", "create it or name another"),
    "unknown_socket_group": (
        '[supervisor]\ncontrol_socket_group = "rooot"',
        "supervisor.control_socket_group",
        'did you mean "root"?',
    ),
    "missing_directory": (RUN + 'cwd = "none"', "companions.q.cwd", "No such file or directory"),
    "file_as_directory": (RUN + 'cwd = "main.toml"', "companions.q.cwd", "must be a directory, which"),
    "missing_python_path": ('[supervisor]\npython_path = ["."' + ', "no"]', "supervisor.python_path", "/no"),
    "missing_log_directory": (RUN + 'stdout = "no/x.log"', "companions.q.stdout", "does not; create it"),
    "directory_as_log": (RUN + 'stderr = "."', "companions.q.stderr", "is a directory"),
    "stdout_into_itself": (RUN + 'stdout = "stdout"', "companions.q.stdout", "only stderr can be"),
    "missing_env_file": (RUN + 'env_file = "x.env"', "companions.q.env_file", "for one that may be missing"),
    "directory_as_env_file": (
        RUN + 'env_file = "."',
        "companions.q.env_file",
        "cannot be read: Is a directory",
    ),
    "bad_env_file": (
        RUN + 'env_file = "main.toml"\nenv."A" = "1"',
        "companions.q.env_file",
        'main.toml" in line 4: "env."A"" cannot name a variable',
    ),
    "bad_variable": (RUN + 'env = { "A=B" = "1" }', 'companions.q.env."A=B"', "cannot name"),
    "empty_variable": (RUN + 'env = { "" = "1" }', 'companions.q.env.""', "cannot name"),
    "nul_in_variable": (RUN + 'env = { A = "\\u0000" }', "companions.q.env.A", "must not hold a NUL byte"),
    "nul_in_name_of_variable": (
        RUN + 'env = { "A\\u0000" = "1" }',
        'companions.q.env."A\\u0000"',
        "cannot name",
    ),
    "unset_variable": (RUN + 'env = { A = "${NONE}" }', "companions.q.env.A", "refers to ${NONE}"),
    "unset_in_command": (
        '[companions.q]\ncommand = "sleep ${NONE}"',
        "companions.q.command",
        "refers to ${NONE}",
    ),
    "unknown_name": ('[supervisor]\ncwd = "/%(name)s"', "supervisor.cwd", "known are %(here)s, %(host)s"),
    "expands_to_nothing": (RUN + 'cwd = "${NONE:-}"', "companions.q.cwd", "comes to nothing"),
    "command_expands_to_nothing": (
        '[companions.q]\ncommand = ["${NONE:-}"]',
        "companions.q.command",
        "not be empty",
    ),
    "unknown_program": (
        '[companions.q]\ncommand = "slep 1"',
        "companions.q.command",
        '"slep" is not on its PATH',
    ),
    "missing_program": ('[companions.q]\ncommand = "./slep"', "companions.q.command", "there is no"),
    "program_not_executable": (
        '[companions.q]\ncommand = "./main.toml"',
        "companions.q.command",
        "chmod +x it",
    ),
    "directory_as_program": (
        '[companions.q]\ncommand = "/usr"',
        "companions.q.command",
        '"/usr" is not a file',
    ),
    "long_socket": (
        f'[supervisor]\ncontrol_socket = "/{"x" * 107}"',
        "supervisor.control_socket",
        "has 108 bytes",
    ),
    "directory_as_socket": (
        '[supervisor]\ncontrol_socket = "/run"',
        "supervisor.control_socket",
        "is a directory",
    ),
    "unknown_limit": (
        RUN + "rlimits = { nofle = 1 }",
        "companions.q.rlimits.nofle",
        'did you mean "nofile"?',
    ),
    "bad_limit": (RUN + 'rlimits = { nofile = "x" }', "companions.q.rlimits.nofile", "must be a limit"),
    "decimal_umask": (RUN + "umask = 22", "umask", 'is a decimal number in line 3; write the mode as "022"'),
    "decimal_mode": (
        "[supervisor]\ncontrol_socket_mode = 660",
        "supervisor.control_socket_mode",
        'write "0660"',
    ),
}


@pytest.mark.parametrize(("text", "key", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_once_with_its_key(site: Site, text: str, key: str, message: str) -> None:
    """One mistake is one problem, which names the key and says what to do."""
    (problem,) = site.problems(text)
    assert problem.startswith(f"{key}: ")
    assert message in problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[companions.q]\nx = "\xff"\n', "is not UTF-8 (line 2); save it in that encoding"),
        (
            b"[companions.q\n",
            "is not TOML: Expected ']' at the end of a table declaration (at line 1, column 14)",
        ),
        (b"a = 1\na = 2\n", "is not TOML: Cannot overwrite a value (at line 2, column 6)"),
        (b"a = " + b"[" * 100_000, "is "),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_the_place(site: Site, content: bytes, message: str) -> None:
    """The line and column of a mistake in the syntax are told."""
    site.main.write_bytes(content)
    (problem,) = site.problems()
    assert problem.startswith(f": {message}")


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """A file that is not there is told as the system tells it."""
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path / "none.toml"), ENVIRON)
    assert str(caught.value) == f"{tmp_path}/none.toml: cannot be read: No such file or directory"


def test_a_byte_order_mark_is_no_mistake(site: Site) -> None:
    """A file saved on Windows is read."""
    site.main.write_bytes(b"\xef\xbb\xbf" + RUN.encode())
    assert list(site.load().programs) == ["q"]


def test_all_problems_are_told_together(site: Site) -> None:
    """One reading finds everything, table by table."""
    problems = site.problems(
        '[supervisor]\nlog_level = "loud"\ncwd = "none"\n'
        '[companions.a]\ncommand = "nothing-like-it"\nnice = 99\nafter = "b"\n'
        '[companions.b]\ntarget = "nocolon"\nafter = "a"\nstdout = "none/x"\n'
    )
    assert [problem.partition(":")[0] for problem in problems] == [
        "supervisor.log_level",
        "supervisor.cwd",
        "companions.a.nice",
        "companions.a.after",
        "companions.a.command",
        "companions.b.target",
        "companions.b.stdout",
    ]


def test_a_mistake_in_the_defaults_is_told_once(site: Site) -> None:
    """A bad default is told where it stands, not for every companion that gets it."""
    (problem,) = site.problems(
        '[companion_defaults]\ncwd = "none"\ncommand = "sleep 1"\n'
        "[companions.a]\n[companions.b]\ninstances = 3\n"
    )
    assert problem.startswith("companion_defaults.cwd: ")


@pytest.mark.parametrize(
    "text",
    [
        "[companions.q]\ncomand = 'sleep 1'",
        "[companions.q]\ntarget = 5",
        "[companions.q]\nexec = 'sleep 1'",
        RUN + "watchdog_sec = 3\nnotify = 'yes'",
        RUN + "restart_delay_max = 3\nrestart_delay = 'x'",
    ],
)
def test_no_mistake_follows_from_another(site: Site, text: str) -> None:
    """A key that was refused is not said to be missing as well."""
    assert len(site.problems(text)) == 1


def test_a_socket_needs_a_runtime_directory(site: Site) -> None:
    """Where there is no place for the control socket, the file has to say one."""
    (problem,) = site.problems("", environ={"PATH": "/bin"})
    assert problem.startswith("supervisor.control_socket: has no default")


@pytest.mark.parametrize("mode", ["0o22", '"022"', "0", "7", "0x12", "0b10"])
def test_modes_that_cannot_be_mistaken_are_taken(site: Site, mode: str) -> None:
    """Only a decimal number that looks like an octal one is refused."""
    site.load(RUN + f"umask = {mode}  # 22\n# umask = 22\n")


def test_ready_timeout_without_notify_is_harmless(site: Site) -> None:
    """A time that is never waited for does no harm, and may come from a shared file."""
    assert site.load(RUN + "ready_timeout = 5").programs["q"].policy.ready_timeout == 5.0


def test_a_directory_that_cannot_be_entered_is_refused(site: Site) -> None:
    """A directory without permission is refused before anything runs in it; root may enter every one."""
    (site.directory / "closed").mkdir(mode=0)
    text = RUN + 'cwd = "closed"'
    if os.geteuid() == 0:
        assert site.load(text).programs["q"].launch.cwd == f"{site.directory}/closed"
    else:
        (problem,) = site.problems(text)
        assert "must be a readable directory" in problem


def test_a_problem_reads_as_one_line(site: Site) -> None:
    """The exception's text is one line for each problem: file, key, what to do."""
    site.write("x = 1\n[companions.q]\n")
    with pytest.raises(ConfigError) as caught:
        site.load()
    first, second = str(caught.value).splitlines()
    assert first == f'{site.main}: x: unknown key "x"'
    assert second.startswith(f"{site.main}: companions.q: has nothing to run; give it target")
