"""The control client against a real socket: replies by id, refusals, deadlines, and why nobody answers."""

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.control.client import Client, ProtocolError, Refused, TimedOut, Unreachable, who_may

Daemon = Any  # the fake of conftest.py
Make = Any


def test_a_reply_comes_back_without_its_id(daemon: Daemon) -> None:
    """`request` returns the reply of its own request."""
    daemon.answer("version", {"ok": True, "version": "0.1.0"})
    with Client.connect(str(daemon.path)) as client:
        assert client.request({"cmd": "version"}) == {"ok": True, "version": "0.1.0"}


def test_a_late_reply_to_another_request_is_passed_over(daemon: Daemon) -> None:
    """A line with another id never answers this request."""
    late = '{"ok": true, "id": 99, "version": "late"}'
    daemon.answer("version", lambda request: [late, {"ok": True, "version": "mine"}])
    with Client.connect(str(daemon.path)) as client:
        assert client.request({"cmd": "version"})["version"] == "mine"


def test_a_refusal_carries_code_sentence_and_reply(daemon: Daemon) -> None:
    """A refused request raises Refused with all that the daemon said."""
    daemon.answer("start", {"ok": False, "error": "no program nope", "code": "unknown_program"})
    with (
        Client.connect(str(daemon.path)) as client,
        pytest.raises(Refused, match="no program nope") as caught,
    ):
        client.request({"cmd": "start", "name": "nope"})
    assert caught.value.code == "unknown_program"
    assert caught.value.reply == {"ok": False, "error": "no program nope", "code": "unknown_program"}


def test_a_refusal_without_id_answers_what_was_asked(daemon: Daemon) -> None:
    """A daemon that does not admit this peer says so without having read the request."""
    daemon.answer("status", '{"ok": false, "error": "user 33 is not admitted", "code": "forbidden"}')
    with Client.connect(str(daemon.path)) as client, pytest.raises(Refused, match="not admitted"):
        client.request({"cmd": "status"})


def test_the_daemons_own_timeout_is_a_timeout(daemon: Daemon) -> None:
    """A refusal with the code "timeout" raises TimedOut and keeps the reply."""
    daemon.answer("stop", {"ok": False, "error": "web still runs", "code": "timeout", "results": []})
    with (
        Client.connect(str(daemon.path)) as client,
        pytest.raises(TimedOut, match="web still runs") as caught,
    ):
        client.request({"cmd": "stop", "name": "web"})
    assert caught.value.reply["results"] == []


def test_a_silent_daemon_is_waited_for_no_longer_than_asked(daemon: Daemon) -> None:
    """Without an answer in time `request` raises TimedOut, having said meanwhile how long it waits."""
    daemon.answer("status", None)
    waits: list[float] = []
    with Client.connect(str(daemon.path)) as client, pytest.raises(TimedOut, match="no answer"):
        client.request({"cmd": "status"}, timeout=0.05, on_wait=waits.append)
    assert waits == sorted(waits)
    assert waits


def test_a_connection_that_ends_is_unreachable(daemon: Daemon, hang_up: str) -> None:
    """A daemon that goes away before it answers is not reachable."""
    daemon.answer("status", hang_up)
    with (
        Client.connect(str(daemon.path)) as client,
        pytest.raises(Unreachable, match="closed the connection"),
    ):
        client.request({"cmd": "status"})


@pytest.mark.parametrize("line", ["HTTP/1.1 400 Bad Request", "[1]", '{"id": 1}'])
def test_what_is_no_control_socket_is_named_so(daemon: Daemon, line: str) -> None:
    """A line that is not a reply raises ProtocolError."""
    daemon.answer("status", line)
    with (
        Client.connect(str(daemon.path)) as client,
        pytest.raises(ProtocolError, match="is it a control socket"),
    ):
        client.request({"cmd": "status"})


def test_events_come_in_order_until_the_daemon_ends(daemon: Daemon, hang_up: str) -> None:
    """The stream yields every event and ends with Unreachable."""
    daemon.answer("events", lambda request: [{"ok": True}, {"event": "a"}, {"event": "b"}, hang_up])
    with Client.connect(str(daemon.path)) as client:
        client.subscribe(["web", "worker"], past=2)
        events = client.events()
        seen = [next(events)["event"], next(events)["event"]]
        with pytest.raises(Unreachable):
            next(events)
    assert seen == ["a", "b"]
    assert daemon.asked("events") == {"cmd": "events", "name": ["web", "worker"], "past": 2, "id": 1}


def test_no_event_in_time_is_none(daemon: Daemon) -> None:
    """`next_event` with a timeout returns None when nothing happened."""
    daemon.answer("events", {"ok": True})
    with Client.connect(str(daemon.path)) as client:
        client.subscribe()
        assert client.next_event(0.0) is None


def test_big_replies_arrive_whole(daemon: Daemon) -> None:
    """A reply of many receives is put together."""
    daemon.answer("status", {"ok": True, "companions": ["x" * 1000] * 3000})
    with Client.connect(str(daemon.path)) as client:
        assert len(client.request({"cmd": "status"})["companions"]) == 3000


def test_a_missing_socket_is_explained(folder: Path) -> None:
    """No socket: the sentence names the path and what to try."""
    path = folder / "nothing.sock"
    with pytest.raises(Unreachable, match=rf"{path}: no such socket; is it running\? try systemctl status"):
        Client.connect(str(path))


def test_a_socket_that_nobody_listens_on_is_explained(folder: Path) -> None:
    """A socket left behind by a daemon that was killed."""
    path = folder / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with pytest.raises(Unreachable, match="nobody listens there any more"):
        Client.connect(str(path))


def test_a_file_is_not_a_socket(folder: Path) -> None:
    """-s with the path of something else."""
    path = folder / "app-supervisor.toml"
    path.write_text("")
    with pytest.raises(Unreachable, match="this is not a socket"):
        Client.connect(str(path))


def test_a_path_too_long_for_a_socket_is_explained() -> None:
    """The kernel's limit of 107 bytes is named."""
    with pytest.raises(Unreachable, match="too long"):
        Client.connect("/tmp/" + "x" * 200)


def test_a_full_backlog_is_waited_for_and_then_given_up(folder: Path) -> None:
    """A daemon that is stopped accepts nobody: connecting ends after its timeout."""
    path = folder / "full.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        with pytest.raises(Unreachable, match="does not take connections"):
            Client.connect(str(path), timeout=0.05)


def test_who_may_connect_is_read_from_the_socket(folder: Path) -> None:
    """Owner and group count where their write bit is set (unix(7))."""
    path = folder / "x.sock"
    path.touch()
    path.chmod(0o660)
    found = re.sub(r"user \S+ and ", "", who_may(str(path)))
    assert found.startswith("root and group ")
    path.chmod(0o600)
    assert "group" not in who_may(str(path))
