"""Programs as a configuration would yield them, with only what a test is about."""

from collections import Counter
from typing import Any

from supervisord_lite.config.program import Configuration, Launch, Program, Supervisor
from supervisord_lite.model.policy import Policy


def a_program(
    name: str = "worker",
    *,
    after: tuple[str, ...] = (),
    autostart: bool = True,
    policy: Policy | None = None,
    **launch: Any,
) -> Program:
    """One instance; "worker:2" is the second of the companion "worker". A command unless told otherwise."""
    companion, _, number = name.partition(":")
    if "target" not in launch:
        launch.setdefault("command", ("/bin/true",))
    return Program(
        name=name,
        companion=companion,
        instance=int(number or 1),
        launch=Launch(**{"env": {}, "rlimits": {}, **launch}),
        policy=policy or Policy(),
        autostart=autostart,
        after=after,
    )


def a_supervisor(**given: Any) -> Supervisor:
    """The `[supervisor]` table with its defaults."""
    return Supervisor(
        **{
            "control_socket": "/run/test/control.sock",
            "control_socket_mode": 0o600,
            "control_socket_group": None,
            "preload": (),
            "python_path": (),
            "cwd": None,
            "env": {},
            "include": (),
            "log_level": "info",
            "user": None,
            "group": None,
            "shutdown_timeout": None,
            "shutdown_buffer": 10.0,
            **given,
        }
    )


def a_configuration(*programs: Program, **supervisor: Any) -> Configuration:
    """A file with these programs, in this order."""
    return Configuration(
        instances=dict(Counter(program.companion for program in programs)),
        file="/etc/test.toml",
        files=("/etc/test.toml",),
        texts={"/etc/test.toml": b""},
        supervisor=a_supervisor(**supervisor),
        programs={program.name: program for program in programs},
    )
