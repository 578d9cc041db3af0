"""Clients that are wrong, slow, gone, or many: a clear refusal, and nobody else notices."""

import contextlib
import json
import socket

import pytest

from tests.integration.client import Client
from tests.integration.daemon import QUICK, Daemon
from tests.integration.process import DEADLINE


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon that runs one command."""
    return daemon.start(f'{QUICK}[companions.it]\ncommand = "sleep 1000"\n')


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        (b"garbage\n", "bad_request", "JSON"),
        (b"\xff\xfe\x00\n", "bad_request", "JSON"),
        (b"[]\n", "bad_request", "object"),
        (b'"status"\n', "bad_request", "object"),
        (b"{}\n", "bad_request", "cmd"),
        (b'{"cmd": 5}\n', "bad_request", "cmd|object"),
        (b'{"cmd": "stautus"}\n', "unknown_command", "stautus"),
        (b'{"cmd": "status", "nmae": "it"}\n', "bad_request", "nmae"),
        (b'{"cmd": "stop"}\n', "bad_request", "name"),
        (b'{"cmd": "stop", "name": 5}\n', "bad_request", "name"),
        (b'{"cmd": "stop", "name": "it", "timeout": "soon"}\n', "bad_request", "timeout"),
        (b'{"cmd": "signal", "name": "it", "signal": "SIGNOTHING"}\n', "bad_request", "SIGNOTHING"),
        (b'{"cmd": "wait", "name": "it", "for": "happiness"}\n', "bad_request", "happiness"),
        (b'{"cmd": "start", "name": "nobody"}\n', "unknown_program", "nobody"),
    ],
)
def test_a_wrong_request_is_refused_in_a_sentence(running: Daemon, line: bytes, code: str, word: str) -> None:
    """A wrong request gets a code and a sentence that names what is wrong; the connection stays."""
    with running.connect() as client:
        reply = client.ask(line)
        assert (reply["ok"], reply["code"]) == (False, code)
        assert any(part in reply["error"] for part in word.split("|"))
        assert client.ask({"cmd": "version"})["ok"]


def test_requests_are_answered_in_order_with_their_ids(running: Daemon) -> None:
    """Several requests may be sent at once; replies come in order and carry the ids."""
    with running.connect() as client:
        client.send(b"".join(b'{"cmd": "version", "id": %d}\n' % number for number in range(100)))
        assert [client.receive()["id"] for _ in range(100)] == list(range(100))
        assert client.ask({"cmd": "nothing", "id": "mine"})["id"] == "mine"


def test_half_a_line_is_answered_at_its_end(running: Daemon) -> None:
    """A last line without its newline is answered when the client has closed its sending half."""
    with running.connect() as client:
        client.send(b'{"cmd": ')
        client.send(b'"version"}')
        client.sock.shutdown(socket.SHUT_WR)
        assert client.receive()["ok"]
        with pytest.raises(EOFError):
            client.receive()


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["without_an_end", "with_an_end"])
def test_a_request_of_a_mebibyte_is_refused(running: Daemon, ending: bytes) -> None:
    """A request of 1 MiB and more is refused, and the connection is closed."""
    with running.connect() as client:
        try:
            client.send(b'{"cmd": "status", "id": "' + b"x" * 2**20 + ending)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the refusal is there already
        assert client.receive()["code"] == "too_large"
        with pytest.raises((EOFError, ConnectionResetError)):
            client.receive()
    assert running.do("version")


def test_many_names_and_globs(running: Daemon) -> None:
    """Names may be lists, globs and "all"; each program is meant once."""
    for name in ("it", ["it"], "i*", "all", ["it", "i?", "all", "it:*", "it:1"]):
        assert [r["name"] for r in running.do("restart", name=name)["results"]] == ["it"]


def test_a_client_that_leaves_in_the_middle(running: Daemon) -> None:
    """What a client asked for and did not wait for is done all the same, and nothing of it is left."""
    before = len(running.descriptors())
    with running.events() as events:
        for _ in range(20):
            with running.connect() as client:
                client.send({"cmd": "restart", "name": "it"})
        for _ in range(20):
            with running.events(past=3):
                pass
        events.until("it", "RUNNING")
    running.wait("it", "running")
    running.wait_descriptors(before)


def test_a_slow_reader_of_events_misses_a_counted_number(running: Daemon) -> None:
    """A client that does not read its events is told how many it missed, and holds nobody up."""
    sent = 0
    with Client(running.socket) as slow, running.connect() as quick:
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert slow.ask({"cmd": "events"})["streaming"]
        while sent < 1500:
            quick.send(b'{"cmd": "stop", "name": "it"}\n{"cmd": "start", "name": "it", "wait": false}\n' * 8)
            assert all(quick.receive()["ok"] for _ in range(16))
            sent += 8
        dropped, last, seen = 0, 0, 0
        newest = running.events(past=1)
        latest = newest.next()["seq"]
        newest.sock.close()
        while last + dropped < 1 or last < latest:
            event = slow.receive()
            if event["event"] == "dropped":
                dropped += event["count"]
                break
            seen, last = seen + 1, event["seq"]
    assert dropped > 0


def test_a_client_that_does_not_read_its_replies(running: Daemon) -> None:
    """A client that asks and never reads costs bounded memory, and others are answered."""
    with running.connect() as client:
        client.sock.settimeout(1)
        with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
            for _ in range(100_000):
                client.send(b'{"cmd": "status"}\n' * 100)
            pytest.fail("the daemon takes in whatever is sent")
        assert running.do("status")["ok"]
        with open(f"/proc/{running.pid}/status") as file:
            resident = int(next(line for line in file if line.startswith("VmRSS")).split()[1])
        assert resident < 100 * 1024


def test_a_thousand_garbage_clients(running: Daemon) -> None:
    """A thousand clients that send rubbish, half lines or nothing harm nobody and leave nothing."""
    before = len(running.descriptors())
    clients = []
    rubbish = [b"", b"\n\n\n", b"GET / HTTP/1.1\r\n\r\n", b'{"cmd": "st', b"\x00" * 4096, b"{" * 1000 + b"\n"]
    for number in range(1000):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(DEADLINE)
        client.connect(str(running.socket))
        clients.append(client)
        try:
            client.sendall(rubbish[number % len(rubbish)])
        except (BrokenPipeError, ConnectionResetError):
            continue
        if number % 100 == 0:
            assert running.do("status")["companions"][0]["state"] == "RUNNING"
    assert running.supctl("status").returncode == 0
    for client in clients:
        client.close()
    running.wait_descriptors(before)
    assert "Traceback" not in running.log.text()


def test_wait_false_is_answered_at_once(running: Daemon) -> None:
    """With "wait": false a command is answered at once, and done afterwards."""
    with running.events() as events:
        reply = running.do("stop", name="it", wait=False)
        assert reply["results"][0]["state"] in ("STOPPING", "STOPPED")
        events.until("it", "STOPPED")


def test_a_timeout_is_told_apart(daemon: Daemon) -> None:
    """A command whose time is up before its verdict is refused with the code timeout, and goes on."""
    daemon.start('[companions.it]\ncommand = "sleep 1000"\nstartsecs = 0.5\nautostart = false\n')
    reply = daemon.ctl("start", name="it", timeout=0.05)
    assert (reply["ok"], reply["code"]) == (False, "timeout")
    daemon.wait("it", "running")


def test_events_of_one_program_with_the_past(running: Daemon) -> None:
    """events may be asked for one program, and for the latest ones first; numbers have no gaps."""
    running.do("restart", name="it")
    with running.events(past=200) as every, running.events(name="it", past=200) as own:
        first = every.next()
        assert first["seq"] == 1
        assert set(first) == {
            "event", "seq", "time", "name", "from", "to", "trigger", "pid", "description",
        }  # fmt: skip
        assert own.next()["name"] == "it"
        own.until("it", "STOPPING")
        own.until("it", "RUNNING")
    assert {event["name"] for event in own.seen} == {"it"}


def test_replies_are_one_line_each(running: Daemon) -> None:
    """A reply is one JSON object on one line, whatever the programs are called."""
    with running.connect() as client:
        client.send({"cmd": "status"})
        data = client.sock.recv(2**20)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    assert json.loads(data)["ok"]
