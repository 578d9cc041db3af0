"""`supctl stash` against a real stash behind a socket that answers as an arbiter does."""

import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.cli.values import as_json, in_reply, spoken
from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.stash.service import answer_v2
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.wire import envelope, header
from supervisord_lite.wire.splitter import Splitter, frame

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any


class Arbiter:
    """The part of an arbiter that answers for the stash."""

    def __init__(self, path: Path, store: Store) -> None:
        self.path = path
        self._store = store
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def close(self) -> None:
        """Hang up on everybody and end."""
        for end in (self._listener, *self._connections):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # already gone
            end.close()
        for thread in (self._acceptor, *self._threads):
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        splitter = Splitter(1 << 20)
        try:
            while data := connection.recv(1 << 16):
                for asked in splitter.feed(data):
                    try:
                        kind, body = header.RESPONSE, answer_v2(self._store, asked.payload)
                    except DirtyError as error:
                        kind, body = header.ERROR, envelope.encode(error.to_dict())
                    connection.sendall(frame(header.V2, kind, asked.request_id, body))
        except OSError:
            return  # the client or the test has left


@pytest.fixture
def store(folder: Path, daemon: Daemon, status_of: Make) -> Iterator[Store]:
    """A stash with two tables, and a daemon that knows through which pools it is reached."""
    (folder / "stash").mkdir(0o700)
    found = Store(str(folder / "stash"), size=1 << 20, persist=False)
    found.put("sessions", "user:1", {"name": "Alice"})
    found.put("sessions", "user:2", None)
    found.put("jobs", 17, {1, 2})
    found.put("jobs", ("mail", 1), "sent")
    arbiter = Arbiter(folder / "dirty.sock", found)
    pools = [{"name": "images", "socket": "/nowhere"}, {"name": "dirty", "socket": str(arbiter.path)}]
    daemon.answer("status", {**status_of(), "pools": pools})
    yield found
    arbiter.close()


def test_tables_are_listed(supctl: Run, store: Store) -> None:
    """A name a line; the pool "dirty" is the way, if there is one."""
    assert supctl("stash", "tables").out == "jobs\nsessions\n"
    assert supctl("stash", "tables", "--json").json == {"ok": True, "tables": ["jobs", "sessions"]}


def test_keys_are_listed(supctl: Run, store: Store) -> None:
    """Text as it is, anything else as Python writes it; with --literal all of them; by a pattern."""
    assert supctl("stash", "keys", "sessions").out == "user:1\nuser:2\n"
    assert supctl("stash", "keys", "sessions", "*2").out == "user:2\n"
    assert set(supctl("stash", "keys", "jobs").out.splitlines()) == {"17", "('mail', 1)"}
    assert supctl("stash", "keys", "sessions", "--literal").out == "'user:1'\n'user:2'\n"
    assert supctl("stash", "keys", "sessions", "*1", "--json").json["keys"] == ["user:1"]


def test_no_key_that_fits_is_no_line(supctl: Run, store: Store) -> None:
    """A pattern may match nothing; a table that is not there is a mistake."""
    assert supctl("stash", "keys", "sessions", "x*").status == 0
    outcome = supctl("stash", "keys", "session", "x*")
    assert outcome.status == 1
    assert outcome.err == "supctl: no table 'session' in the stash; see supctl stash tables\n"


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["sessions", "user:1"], '{"name": "Alice"}'),
        (["sessions", "user:2"], "null"),
        (["jobs", "17", "--literal"], "{1, 2}"),
        (["jobs", "('mail', 1)", "--literal"], '"sent"'),
        (["sessions", "'user:1'", "--literal"], '{"name": "Alice"}'),
    ],
)
def test_a_value_is_json_where_json_can_hold_it(
    supctl: Run, store: Store, args: list[str], shown: str
) -> None:
    """Else it is what Python writes. A key is text, or any literal."""
    assert supctl("stash", "get", *args).out == shown + "\n"


def test_a_value_in_json_says_which_it_is(supctl: Run, store: Store) -> None:
    """Under "value", or as text under "repr"."""
    whole = {"ok": True, "table": "sessions", "key": "user:1", "value": {"name": "Alice"}}
    assert supctl("stash", "get", "sessions", "user:1", "--json").json == whole
    assert supctl("stash", "get", "jobs", "17", "--literal", "--json").json["repr"] == "{1, 2}"


def test_a_key_that_is_not_there_is_status_1(supctl: Run, store: Store) -> None:
    """The sentence says whether it is the table or the key; 17 and '17' are two keys."""
    outcome = supctl("stash", "get", "jobs", "17")
    assert outcome.status == 1
    assert outcome.err == "supctl: no key '17' in table 'jobs'; see supctl stash keys jobs --literal\n"
    assert "no table 'job'" in supctl("stash", "get", "job", "17").err
    assert supctl("stash", "get", "jobs", "17", "--json").json["code"] == "StashKeyNotFoundError"


def test_what_is_no_literal_is_wrong_usage(supctl: Run, store: Store) -> None:
    """Nothing is evaluated, only read."""
    outcome = supctl("stash", "get", "jobs", "open('x')", "--literal")
    assert outcome.status == 2
    assert "is not a Python literal; write 17" in outcome.err


def test_info_tells_how_full_it_is(supctl: Run, store: Store, folder: Path) -> None:
    """The whole, with every table; or one."""
    outcome = supctl("stash", "info")
    assert f"path: {folder}/stash\n" in outcome.out
    assert "limit: 1.0M\n" in outcome.out
    assert outcome.out.splitlines()[-3:] == ["TABLE     KEYS", "jobs         2", "sessions     2"]
    assert set(supctl("stash", "info", "jobs").out.splitlines()) == {"table: jobs", " size: 2"}
    assert supctl("stash", "info", "--json").json["tables"][0] == {"table": "jobs", "size": 2}
    assert supctl("stash", "info", "job").status == 1


def test_clear_deletes_the_keys_of_one_table(supctl: Run, store: Store) -> None:
    """The table stays, the others too."""
    assert supctl("stash", "clear", "jobs", "--yes").out == "jobs: 2 keys deleted\n"
    assert (store.keys("jobs"), store.tables()) == ([], ["jobs", "sessions"])
    assert len(store.keys("sessions")) == 2
    assert supctl("stash", "clear", "job", "--yes").status == 1


def test_clear_asks_or_is_refused(supctl: Run, store: Store) -> None:
    """Where nobody can be asked, --yes is needed."""
    outcome = supctl("stash", "clear", "jobs")
    assert (outcome.status, len(store.keys("jobs"))) == (2, 2)
    assert "give --yes" in outcome.err


def test_the_way_can_be_chosen(daemon: Daemon, supctl: Run, store: Store) -> None:
    """--pool names the pool; one that is not there, or does not answer, is a sentence and status 1."""
    assert supctl("stash", "tables", "--pool", "dirty").status == 0
    unknown = supctl("stash", "tables", "--pool", "x")
    assert (unknown.status, unknown.err.split(";")[0]) == (1, 'supctl: no pool is called "x"')
    assert "there are: images, dirty" in unknown.err
    away = supctl("stash", "tables", "--pool", "images")
    assert (away.status, "/nowhere" in away.err) == (1, True)


def test_a_pool_that_does_not_listen_is_no_way(daemon: Daemon, supctl: Run, store: Store) -> None:
    """Another one is taken; where it was asked for, the reason is told."""
    pools = daemon.answers["status"]["pools"]
    pools[0] = {"name": "images", "error": "address in use"}
    assert supctl("stash", "tables").status == 0
    outcome = supctl("stash", "tables", "--pool", "images")
    assert (outcome.status, outcome.err) == (1, "supctl: pool images does not listen: address in use\n")


def test_without_a_pool_there_is_no_way(daemon: Daemon, supctl: Run, status_of: Make) -> None:
    """The sentence says so."""
    daemon.answer("status", {**status_of(), "pools": []})
    outcome = supctl("stash", "tables")
    assert (outcome.status, "no pool is configured" in outcome.err) == (1, True)


def test_tables_are_completed(supctl: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of the stash, then its tables."""
    monkeypatch.setenv("_SUPCTL_COMPLETE", "1")
    words = [line.split("\t")[1] for line in supctl("stash", "").out.splitlines()]
    assert words == ["tables", "keys", "get", "info", "clear"]
    assert supctl("stash", "keys", "s").out == "plain\tsessions\t\n"
    assert supctl("stash", "clear", "").out == "plain\tjobs\t\nplain\tsessions\t\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, "ü"]}, '{"a": [1, null, "ü"]}'),
        ({1: 2}, "{1: 2}"),
        ((1, 2), "(1, 2)"),
        (b"x", "b'x'"),
        (float("inf"), "inf"),
        (date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        ("\x1b", '"\\u001b"'),
    ],
)
def test_json_only_where_nothing_is_lost(value: Any, text: str) -> None:
    """What does not come back equal from JSON is shown as Python writes it."""
    assert spoken(value) == text
    assert in_reply("value", value) == ({"repr": repr(value)} if as_json(value) is None else {"value": value})
