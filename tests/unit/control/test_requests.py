"""The commands of the control socket, and how what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.control import requests as r
from supervisord_lite.control.requests import COMMANDS, RequestRefused, parse, request_id


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b'{"cmd": "status"}', r.Status()),
        (b'{"cmd": "status", "name": "web", "id": 7}', r.Status("web", 7)),
        (b'{"cmd": "status", "name": ["web", "mail"]}', r.Status(("web", "mail"))),
        (b'{"cmd": "start", "name": "web"}', r.Start("web")),
        (b'{"cmd": "stop", "name": "web", "wait": false}', r.Stop("web", wait=False)),
        (b'{"cmd": "restart", "name": "web", "timeout": 1.5}', r.Restart("web", timeout=1.5)),
        (b'{"cmd": "restart", "name": "web", "timeout": null}', r.Restart("web")),
        (b'{"cmd": "reload"}', r.Reload()),
        (b'{"cmd": "signal", "name": "web", "signal": "HUP"}', r.Signal("web", "HUP")),
        (b'{"cmd": "signal", "name": "web", "signal": 1}', r.Signal("web", 1)),
        (b'{"cmd": "wait", "name": "web", "for": "running"}', r.Wait("web", "running")),
        (b'{"cmd": "scale", "name": "web", "count": "+1"}', r.Scale("web", "+1")),
        (b'{"cmd": "pool", "name": "dirty"}', r.Pool("dirty")),
        (b'{"cmd": "cancel", "pool": "dirty", "call": 17}', r.Cancel("dirty", 17)),
        (b'{"cmd": "events", "past": 5, "id": "x"}', r.Events(past=5, id="x")),
        (b'{"cmd": "check", "path": "/etc/x"}', r.Check("/etc/x")),
        (b'{"id": "late", "name": "web", "cmd": "start"}', r.Start("web", id="late")),
        (b' {"cmd" : "version"}\r', r.Version()),
    ],
)
def test_a_line_is_a_request(line: bytes, request_: r.Request) -> None:
    """Whatever the order of its keys."""
    assert parse(line) == request_


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"", "the request is not JSON: "),
        (b"status", "the request is not JSON: "),
        (b'{"cmd": "status"', "the request is not JSON: "),
        (b'{"cmd": "status"} {"cmd": "status"}', "the request is not JSON: "),
        (b"\xff\xfe", "the request is not JSON: "),
        (b'{"cmd": "status", "name": "\xff"}', "the request is not JSON: "),
        (b'{"a": ' + b"[" * 100_000, "the request is not JSON: "),
        (b"[]", 'a request is an object such as {"cmd": "status"}'),
        (b"null", 'a request is an object such as {"cmd": "status"}'),
        (b'"status"', 'a request is an object such as {"cmd": "status"}'),
        (b'{"cmd": 5}', 'a request is an object such as {"cmd": "status"}'),
        (b"{}", 'the request has no "cmd"; try {"cmd": "status"}'),
        (b'{"cmd": null}', 'the request has no "cmd"; try {"cmd": "status"}'),
        (b'{"cmd": "start"}', "start: Object missing required field `name`"),
        (b'{"cmd": "start", "name": 5}', "start: Expected "),
        (b'{"cmd": "start", "name": "a", "timeout": "soon"}', "start: Expected "),
        (b'{"cmd": "start", "name": "a", "wait": 1}', "start: Expected "),
        (b'{"cmd": "status", "nmae": "a"}', "status: Object contains unknown field `nmae`"),
        (b'{"cmd": "signal", "name": "a", "signal": true}', "signal: Expected "),
        (b'{"cmd": "signal", "name": "a", "signal": 1.5}', "signal: Expected "),
        (b'{"cmd": "scale", "name": ["a"], "count": 1}', "scale: Expected "),
    ],
)
def test_what_is_no_request_is_refused(line: bytes, error: str) -> None:
    """With a sentence that says what is wrong."""
    with pytest.raises(RequestRefused) as refusal:
        parse(line)
    assert str(refusal.value).startswith(error)
    assert refusal.value.code == "bad_request"


def test_an_unknown_command_is_told_the_known_ones() -> None:
    """And has a code of its own."""
    with pytest.raises(
        RequestRefused, match=r'^unknown command "halt"; known are status, start, '
    ) as refusal:
        parse(b'{"cmd": "halt"}')
    assert refusal.value.code == "unknown_command"
    assert all(command in str(refusal.value) for command in COMMANDS)


def test_every_command_is_known() -> None:
    """The list says what the table holds."""
    assert set(COMMANDS) == {
        *("status", "start", "stop", "restart", "reload", "signal", "wait", "scale", "reread", "plan"),
        *("check", "events", "shutdown", "version", "pool", "cancel"),
    }


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b'{"cmd": "halt", "id": 7}', 7),
        (b'{"cmd": "start", "id": "x", "nmae": 1}', "x"),
        (b'{"id": null}', None),
        (b'{"id": {}}', None),
        (b"{", None),
        (b'{"id": 1, "x": "\xff"}', 1),
        (b'{"x": ' + b"[" * 100_000, None),
    ],
)
def test_a_refusal_carries_the_id_where_there_is_one(line: bytes, number: r.Id) -> None:
    """Whatever else is wrong with the request."""
    assert request_id(line) == number


@given(st.binary(max_size=100))
def test_any_line_is_a_request_or_refused(line: bytes) -> None:
    """Nothing else is raised."""
    request_id(line)
    try:
        parse(line)
    except RequestRefused:
        pass
