"""Programs as a configuration would yield them, with only what a test is about."""

from collections import Counter
from typing import Any

from supervisord_lite.config.program import (
    POOL_WORKER,
    Configuration,
    Launch,
    Pool,
    Program,
    Stash,
    Supervisor,
)
from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise import plan
from supervisord_lite.supervise.plan import Kind, Plan


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
        group=companion,
        instance=int(number or 1),
        launch=Launch(**{"env": {}, "rlimits": {}, **launch}),
        policy=policy or Policy(),
        autostart=autostart,
        after=after,
    )


def a_plan(program: Program, kind: Kind = Kind.COMMAND, server: str = "") -> Plan:
    """What a program of this kind is planned as."""
    if kind is Kind.SPAWNER:
        return plan.spawner(program)
    makers = {
        Kind.COMMAND: plan.command,
        Kind.TARGET: plan.target,
        Kind.ZYGOTE: plan.zygote,
        Kind.LOGWRITER: plan.log_writer,
        Kind.ARBITER: plan.arbiter,
        Kind.WORKER: plan.worker,
    }
    return makers[kind](program, server)


def a_pool(name: str = "dirty", *apps: AppSpec, policy: Policy | None = None, **given: Any) -> Pool:
    """A pool of one app, with what a test is about."""
    launch = given.pop("launch", {})
    return Pool(
        **{
            "name": name,
            "apps": apps or (AppSpec("shop:Echo"),),
            "socket": f"/run/test/{name}.sock",
            "backstage": f"/run/test/{name}.backstage.sock",
            "launch": Launch(**{"target": POOL_WORKER, "env": {}, "rlimits": {}, "notify": True, **launch}),
            "policy": policy or Policy(notify=True, restart_delay=2.0, stop_timeout=35.0),
            **given,
        }
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
        instances=dict(Counter(program.group for program in programs)),
        file="/etc/test.toml",
        files=("/etc/test.toml",),
        texts={"/etc/test.toml": b""},
        supervisor=a_supervisor(**supervisor),
        programs={program.name: program for program in programs},
        pools={},
        stash=Stash(path="/run/test/stash"),
    )
