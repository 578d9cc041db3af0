"""The environment that programs get."""

from supervisord_lite.linux.identity import Account
from supervisord_lite.supervise.environment import PRIVATE, compose, inherited
from tests.fakes.definitions import a_program

SOCKET = "/run/test/control.sock"
ACCOUNT = Account(1000, 1000, (), "shop", "/srv/shop", "/bin/sh")


def test_what_is_between_systemd_and_the_daemon_stays_there() -> None:
    """Everything else is inherited."""
    environ = {name: "x" for name in PRIVATE} | {"PATH": "/bin", "LANG": "C"}
    assert inherited(environ) == {"PATH": "/bin", "LANG": "C"}


def test_a_program_knows_who_it_is() -> None:
    """By supervisord's names, its instance, and where its daemon listens."""
    found = compose({"PATH": "/bin"}, a_program("worker:2"), None, SOCKET)
    assert found == {
        "PATH": "/bin",
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": "worker:2",
        "SUPERVISOR_GROUP_NAME": "worker",
        "SUPERVISOR_INSTANCE": "2",
        "SUPERVISOR_COOKIE": "worker:2",
        "SUPCTL_SOCKET": SOCKET,
    }


def test_the_configuration_has_the_last_word() -> None:
    """Over the account, which is over the daemon's own."""
    program = a_program("worker", env={"HOME": "/tmp", "NEW": "1"})
    found = compose({"HOME": "/root", "USER": "root", "KEPT": "k"}, program, ACCOUNT, SOCKET)
    assert (found["HOME"], found["USER"], found["LOGNAME"], found["KEPT"], found["NEW"]) == (
        "/tmp",
        "shop",
        "shop",
        "k",
        "1",
    )
