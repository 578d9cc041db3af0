"""Where programs write, and how to read it there: the sources of `supctl logs`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from supervisord_lite.cli.journal import JournalTail, entry_fields, entry_line
from supervisord_lite.cli.tail import FileTail


class Places(NamedTuple):
    """What the status says of outputs, each place once."""

    identifiers: list[str]  # in the journal
    files: dict[str, str]  # path: who writes there, "web:1 stdout"
    inherited: list[str]  # "web:1 stdout"


class Source(Protocol):
    """Something that more can be read from."""

    title: str

    def fileno(self) -> int | None:
        """What to poll, None for what must be looked at now and then."""

    def lines(self, as_json: bool, whole: bool) -> Iterator[str]:
        """Lines not returned yet; with `whole` an unfinished last one waits for its end."""

    def close(self) -> None:
        """Read no more."""


def places_of(programs: Sequence[Mapping[str, Any]], stream: str | None) -> Places:
    """Where `programs` write; of both streams, or of `stream` ("stdout", "stderr") only."""
    places = Places([], {}, [])
    for program in programs:
        for name, where in _streams(program, stream).items():
            writer = f"{program['name']} {name}"
            if where == "journal":
                identifier = str(program.get("identifier") or program["name"])
                if identifier not in places.identifiers:
                    places.identifiers.append(identifier)
            elif where.startswith("/"):
                places.files[where] = f"{places.files[where]}, {writer}" if where in places.files else writer
            else:
                places.inherited.append(writer)
    return places


def _streams(program: Mapping[str, Any], stream: str | None) -> dict[str, str]:
    stdout = str(program.get("stdout") or "inherit")
    stderr = str(program.get("stderr") or "stdout")
    both = {"stdout": stdout, "stderr": stdout if stderr == "stdout" else stderr}
    if stream is not None:
        return {stream: both[stream]}
    return both if both["stdout"] != both["stderr"] else {"stdout": stdout}


class FileSource:
    """A log file."""

    def __init__(self, path: str, writer: str, count: int) -> None:
        """Open the file. Raises OSError."""
        self.title = f"{writer}: {path}"
        self._writer = writer
        self._tail = FileTail(path, count)
        self._unfinished = b""

    def fileno(self) -> None:
        """A file has no end that could be waited for."""

    def lines(self, as_json: bool, whole: bool) -> Iterator[str]:
        """The lines, as they are."""
        *lines, rest = (self._unfinished + self._tail.read_new()).split(b"\n")
        self._unfinished = rest if whole else b""
        if rest and not whole:
            lines.append(rest)
        for line in lines:
            text = line.decode(errors="replace")
            yield (
                json.dumps({"name": self._writer, "file": self._tail.path, "message": text})
                if as_json
                else text
            )

    def close(self) -> None:
        """Close the file."""
        self._tail.close()


class JournalSource:
    """The journal's entries of all the identifiers together, so that they stay in order."""

    def __init__(self, tail: JournalTail, identifiers: Sequence[str], colour: bool) -> None:
        self.title = f"{', '.join(identifiers)}: journal"
        self._tail = tail
        self._colour = colour

    def fileno(self) -> int:
        """The journal's own descriptor."""
        return self._tail.fileno()

    def lines(self, as_json: bool, whole: bool) -> Iterator[str]:
        """An entry a line."""
        for entry in self._tail.read_new():
            yield json.dumps(entry_fields(entry)) if as_json else entry_line(entry, self._colour)

    def close(self) -> None:
        """Close the journal."""
        self._tail.close()
