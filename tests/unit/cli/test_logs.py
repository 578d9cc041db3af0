"""`supctl logs`: files and their rotation, the journal through its reader, and what cannot be read."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.cli.journal import JournalTail, entry_fields, entry_line, journalctl
from supervisord_lite.cli.sources import FileSource, places_of
from supervisord_lite.cli.tail import BLOCK, FileTail, start_of_last

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any


@pytest.mark.parametrize(
    ("content", "lines", "expected"),
    [
        (b"", 10, b""),
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\nb\nc\n", 0, b""),
        (b"a\nb\n", 5, b"a\nb\n"),
        (b"\n\n\n", 2, b"\n\n"),
        (b"x" * BLOCK + b"\n" + b"y" * BLOCK + b"\nz\n", 2, b"y" * BLOCK + b"\nz\n"),
        (b"first\n" + b"y" * (BLOCK - 1) + b"\n", 1, b"y" * (BLOCK - 1) + b"\n"),
    ],
)
def test_the_last_lines_are_found_from_the_end(
    folder: Path, content: bytes, lines: int, expected: bytes
) -> None:
    """An unfinished last line is a line; a file is read backward in blocks."""
    path = folder / "x.log"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert content[start_of_last(file.fileno(), lines) :] == expected


def test_a_tail_reads_on_across_rotation(folder: Path) -> None:
    """The end of the old file comes before the start of the new one; a rename alone loses nothing."""
    path = folder / "x.log"
    path.write_text("old\n")
    tail = FileTail(str(path), 10)
    assert tail.read_new() == b"old\n"
    with path.open("a") as writer:
        path.rename(folder / "x.log.1")
        writer.write("last\n")
        writer.flush()
        assert tail.read_new() == b"last\n"
        writer.write("very last\n")
    path.write_text("new\n")
    assert tail.read_new() == b"very last\nnew\n"
    assert tail.read_new() == b""
    tail.close()


def test_a_tail_reads_on_after_truncation(folder: Path) -> None:
    """A file cut in place (copytruncate) is read from its start again."""
    path = folder / "x.log"
    path.write_text("a long line\n")
    tail = FileTail(str(path), 0)
    os.truncate(path, 0)
    assert tail.read_new() == b""
    with path.open("a") as writer:
        writer.write("b\n")
    assert tail.read_new() == b"b\n"
    tail.close()


def test_an_unfinished_line_waits_for_its_end_while_following(folder: Path) -> None:
    """Following prints whole lines; a single look prints what there is."""
    path = folder / "x.log"
    path.write_text("whole\nhal")
    source = FileSource(str(path), "web stdout", 10)
    assert list(source.lines(as_json=False, whole=True)) == ["whole"]
    with path.open("a") as writer:
        writer.write("f\nrest")
    assert list(source.lines(as_json=False, whole=True)) == ["half"]
    assert list(source.lines(as_json=False, whole=False)) == ["rest"]
    source.close()


def test_logs_prints_the_last_lines_of_a_file(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make, folder: Path
) -> None:
    """The file is found by the status; tail is the same command."""
    path = folder / "web.log"
    path.write_text("".join(f"line {number}\n" for number in range(20)))
    daemon.answer("status", status_of(program("web", stdout=str(path), stderr="stdout")))
    assert supctl("logs", "web", "-n", "2").out == "line 18\nline 19\n"
    assert len(supctl("tail", "web").out.splitlines()) == 10
    lines = [json.loads(line) for line in supctl("logs", "web", "-n", "1", "--json").out.splitlines()]
    assert lines == [{"name": "web stdout", "file": str(path), "message": "line 19"}]


def test_stderr_of_its_own_is_shown_too(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make, folder: Path
) -> None:
    """Two files have titles as tail(1) writes them; --stderr selects one."""
    out, err = folder / "web.out", folder / "web.err"
    out.write_text("fine\n")
    err.write_text("oh no\n")
    daemon.answer("status", status_of(program("web", stdout=str(out), stderr=str(err))))
    assert supctl("logs", "web").out == (
        f"==> web stdout: {out} <==\nfine\n\n==> web stderr: {err} <==\noh no\n"
    )
    assert supctl("logs", "web", "--stderr").out == "oh no\n"
    assert supctl("logs", "web", "--stdout").out == "fine\n"


def test_inherited_output_is_explained(daemon: Daemon, supctl: Run, program: Make, status_of: Make) -> None:
    """Where the output went is said, and that it cannot be shown is the exit status."""
    daemon.answer("status", status_of(program("web", stdout="inherit", stderr="inherit")))
    outcome = supctl("logs", "web")
    assert outcome.status == 1
    assert outcome.err == (
        "supctl: web stdout: goes where the daemon's own output goes (inherit); "
        "see journalctl -u app-supervisor.service\n"
    )


def test_an_unreadable_file_is_named(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make, folder: Path
) -> None:
    """What, where and what to try."""
    daemon.answer("status", status_of(program("web", stdout=str(folder / "none.log"), stderr="stdout")))
    outcome = supctl("logs", "web")
    assert outcome.status == 1
    assert f"web stdout: cannot read {folder}/none.log: no such file or directory" in outcome.err


def test_places_are_named_once(program: Make) -> None:
    """Instances that share a file, and streams that share an identifier, are one place."""
    shared = "/var/log/web.log"
    found = places_of(
        [
            program("web:1", stdout=shared, stderr="journal", identifier="web"),
            program("web:2", stdout=shared, stderr="journal", identifier="web"),
            program("redis", stdout="inherit", stderr="stdout"),
        ],
        None,
    )
    assert found.identifiers == ["web"]
    assert found.files == {shared: "web:1 stdout, web:2 stdout"}
    assert found.inherited == ["redis stdout"]


class FakeReader:
    """A journal of one process: entries that match, a position, and the tail's trap of sd_journal_next(3)."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.matches: list[str] = []
        self.position: int | None = None  # of the entry last returned; -1: the head; None: the tail

    def add_match(self, *args: str, **fields: str) -> None:
        self.matches.append(fields["SYSLOG_IDENTIFIER"])

    def _matching(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["SYSLOG_IDENTIFIER"] in self.matches]

    def seek_head(self) -> None:
        self.position = -1

    def seek_tail(self) -> None:
        self.position = None

    def get_previous(self, skip: int = 1) -> dict[str, Any]:
        assert self.position is None
        found = self._matching()
        if not found:
            return {}
        self.position = max(len(found) - skip, 0)
        return found[self.position]

    def get_next(self, skip: int = 1) -> dict[str, Any]:
        found = self._matching()
        if self.position is None or self.position + 1 >= len(found):
            return {}
        self.position += 1
        return found[self.position]

    def fileno(self) -> int:
        raise AssertionError("nothing waits in these tests")

    def process(self) -> int:
        return 0

    def close(self) -> None:
        self.entries.clear()


def _entry(message: Any, identifier: str = "web", **fields: Any) -> dict[str, Any]:
    return {"MESSAGE": message, "SYSLOG_IDENTIFIER": identifier, **fields}


def _messages(tail: JournalTail) -> list[Any]:
    return [entry["MESSAGE"] for entry in tail.read_new()]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (3, ["a", "b", "c"]), (9, ["a", "b", "c"])]
)
def test_the_journal_is_read_from_the_last_entries_on(count: int, expected: list[str]) -> None:
    """Only entries of the identifiers, the last `count` of them, and then each new one once."""
    reader = FakeReader(_entry("a"), _entry("x", "other"), _entry("b"), _entry("c"))
    tail = JournalTail(reader, ["web"], count)
    assert _messages(tail) == expected
    assert _messages(tail) == []
    reader.entries += [_entry("y", "other"), _entry("d")]
    assert _messages(tail) == ["d"]


@pytest.mark.parametrize("count", [0, 5])
def test_following_an_identifier_that_wrote_nothing_yet(count: int) -> None:
    """The first entry ever is seen too."""
    reader = FakeReader()
    tail = JournalTail(reader, ["web"], count)
    assert _messages(tail) == []
    reader.entries.append(_entry("first"))
    assert _messages(tail) == ["first"]


def test_journal_entries_read_like_journalctl() -> None:
    """Time, identifier, pid, message; errors are red where colour is wanted; bytes are text."""
    stamp = datetime(2026, 7, 1, 10, 11, 30, tzinfo=UTC)
    entry = _entry(b"caf\xe9", __REALTIME_TIMESTAMP=stamp, _PID=7, PRIORITY=3)
    assert entry_line(entry, colour=False).endswith(":11:30 web[7]: caf\ufffd")
    assert entry_line(entry, colour=True).endswith("web[7]: \x1b[31mcaf\ufffd\x1b[0m")
    assert entry_fields(entry) == {
        "time": stamp.timestamp(),
        "name": "web",
        "pid": 7,
        "priority": 3,
        "message": "caf\ufffd",
    }


def test_the_journalctl_command_can_be_pasted() -> None:
    """Identifiers are quoted for the shell."""
    assert journalctl(["web:1", "my web"]) == "journalctl -t web:1 -t 'my web'"
