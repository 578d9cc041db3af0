"""What the journal holds of some identifiers; with the extra `systemd`, which is imported only here."""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from supervisord_lite.cli.paint import paint

ERROR = 3  # syslog(3): LOG_ERR and what is graver


class Reader(Protocol):
    """What is used of `systemd.journal.Reader`."""

    def add_match(self, *args: str, **fields: str) -> None: ...
    def seek_head(self) -> None: ...
    def seek_tail(self) -> None: ...
    def get_previous(self, skip: int = 1) -> dict[str, Any]: ...
    def get_next(self, skip: int = 1) -> dict[str, Any]: ...
    def fileno(self) -> int: ...
    def process(self) -> int: ...
    def close(self) -> None: ...


def open_reader() -> Reader:
    """The system's journal. Raises ImportError without the extra, OSError when it cannot be opened."""
    from systemd import journal

    reader: Reader = journal.Reader()
    return reader


class JournalTail:
    """The entries of `identifiers` from the last `count` on, in the order of the journal."""

    def __init__(self, reader: Reader, identifiers: Sequence[str], count: int) -> None:
        self._reader = reader
        for identifier in identifiers:  # matches of one field are alternatives (sd_journal_add_match(3))
            reader.add_match(SYSLOG_IDENTIFIER=identifier)
        reader.seek_tail()
        last = reader.get_previous(max(count, 1))
        if not last:
            reader.seek_head()  # from the tail, nothing is ever "next"; all that comes will be new
        self._first = last if count else {}

    def close(self) -> None:
        """Close the journal."""
        self._reader.close()

    def fileno(self) -> int:
        """A descriptor that is readable when the journal changed; `read_new` then says how."""
        return self._reader.fileno()

    def read_new(self) -> Iterator[dict[str, Any]]:
        """Entries not returned yet."""
        if self._first:
            first, self._first = self._first, {}
            yield first
        self._reader.process()
        while entry := self._reader.get_next():
            yield entry


def entry_line(entry: Mapping[str, Any], colour: bool) -> str:
    """An entry as `journalctl` prints it, without the host name; errors are red."""
    fields = entry_fields(entry)
    clock = time.strftime("%b %d %H:%M:%S", time.localtime(fields["time"])) if fields["time"] else "-"
    pid = f"[{fields['pid']}]" if fields["pid"] else ""
    priority = fields["priority"]
    message = paint(fields["message"], "error", colour and priority is not None and priority <= ERROR)
    return f"{clock} {fields['name']}{pid}: {message}"


def entry_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as --json prints it: time (unix), name, pid, priority (syslog(3)), message."""
    stamp = entry.get("__REALTIME_TIMESTAMP")
    message = entry.get("MESSAGE", "")
    return {
        "time": stamp.timestamp() if stamp is not None else None,
        "name": entry.get("SYSLOG_IDENTIFIER"),
        "pid": entry.get("_PID"),
        "priority": entry.get("PRIORITY"),
        "message": message.decode(errors="replace") if isinstance(message, bytes) else str(message),
    }


def journalctl(identifiers: Sequence[str]) -> str:
    """The command that shows the same without us."""
    return " ".join(("journalctl", *(f"-t {shlex.quote(identifier)}" for identifier in identifiers)))
