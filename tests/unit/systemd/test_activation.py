"""Sockets inherited from systemd, by name."""

import os
import socket

import pytest

from supervisord_lite.systemd.activation import FIRST, inherited
from tests.fakes.forked import in_a_fork


def names_after(count: int, names: str | None) -> str:
    """What a process that got so many sockets finds; in one of its own, whose descriptors are replaced."""

    def scenario() -> str:
        listening = socket.socket(socket.AF_UNIX)
        spare = os.dup(listening.fileno())
        os.dup2(spare, 200)
        for index in range(count):
            os.dup2(200, FIRST + index, inheritable=True)
        environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count), "HOME": "/"}
        if names is not None:
            environ["LISTEN_FDNAMES"] = names
        found = inherited(environ)
        assert environ == {"HOME": "/"}
        assert not any(sock.get_inheritable() for socks in found.values() for sock in socks)
        return str({name: [sock.fileno() for sock in socks] for name, socks in found.items()})

    return in_a_fork_above(scenario)


def in_a_fork_above(scenario: object) -> str:
    """As `in_a_fork`, with the report's pipe above the descriptors that the scenario replaces."""
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(12)]
    try:
        return in_a_fork(scenario)  # type: ignore[arg-type]
    finally:
        for fd in held:
            os.close(fd)


@pytest.mark.parametrize(
    ("count", "names", "found"),
    [
        (1, "control", {"control": [3]}),
        (2, "control:http", {"control": [3], "http": [4]}),
        (3, "http:control:http", {"http": [3, 5], "control": [4]}),
        (2, "control", {"control": [3], "unknown": [4]}),
        (1, None, {"unknown": [3]}),
        (2, ":control", {"unknown": [3], "control": [4]}),
        (0, "", {}),
    ],
)
def test_sockets_are_found_by_name(count: int, names: str | None, found: dict[str, list[int]]) -> None:
    """In their order, from descriptor 3 on, and no program inherits them."""
    assert names_after(count, names) == str(found)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "control"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_FDS": "1"},
    ],
)
def test_what_is_meant_for_others_is_left_alone(environ: dict[str, str]) -> None:
    """Sockets of another process are none of ours, and the variables go all the same."""
    given = dict(environ)
    assert inherited(given) == {}
    assert given == {}
