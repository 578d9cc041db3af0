"""Records as one transaction sees and changes them. `operations` is what is done with a view."""

import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from . import names, records
from .records import Record

_COUNT = struct.Struct(">Q")

SWEEP = 32
"""So many expired records are removed at most by a write that is about something else."""

Clock = Callable[[], float]
"""Seconds since 1970. That of the wall, since what persists is read after the next boot, too."""


class View(Protocol):
    """What a transaction is to an operation. Records that have expired are not there."""

    def now(self) -> float:
        """Seconds since 1970, the same for as long as the transaction lasts."""

    def find(self, table: str, key: Any) -> Record | None:
        """The record of this key."""

    def put(self, table: str, key: Any, record: Record) -> None:
        """Set the record of this key; its table is made where it does not exist."""

    def delete(self, table: str, key: Any) -> bool:
        """Remove the record of this key, if there is one."""


class TreeView:
    """A transaction of LMDB; of a reading one, only the methods that do not change anything."""

    __slots__ = ("_clock", "_now", "grew", "txn")

    def __init__(self, txn: Any, clock: Clock = time.time) -> None:
        self.txn = txn
        self._clock = clock
        self._now: float | None = None
        self.grew = False
        """Whether anything takes more room than before."""

    def now(self) -> float:
        """Seconds since 1970."""
        if self._now is None:
            self._now = self._clock()
        return self._now

    def is_alive(self, raw: bytes) -> bool:
        """Whether this record has not expired."""
        return not raw[0] & records.EXPIRES or (records.expires(raw) or 0) > self.now() * 1e6

    def find(self, table: str, key: Any) -> Record | None:
        """The record of this key."""
        raw = self.txn.get(names.name(table, key)[0])
        return records.decode(raw)[0] if raw is not None and self.is_alive(raw) else None

    def put(self, table: str, key: Any, record: Record) -> None:
        """Set the record of this key."""
        name, long_key = names.name(table, key)
        self.set(table, name, records.encode(record.document, record.expires, long_key))
        if record.expires is not None:
            self.txn.put(names.expiry(record.expires, name), b"")

    def set(self, table: str, name: bytes, raw: bytes) -> None:
        """Set a record by its name; if it expires, that is to be noted by the caller."""
        old = self.txn.replace(name, raw)
        if old is None:
            self.grew = True
            self.count(table, 1)
            return
        if len(raw) > len(old):
            self.grew = True
        if old[0] & records.EXPIRES:
            self._forget_expiry(name, old)

    def delete(self, table: str, key: Any) -> bool:
        """Remove the record of this key, if there is one."""
        name = names.name(table, key)[0]
        old = self.txn.pop(name)
        if old is None:
            return False
        self._forget_expiry(name, old)
        self.count(table, -1)
        return self.is_alive(old)

    def _forget_expiry(self, name: bytes, raw: bytes) -> None:
        moment = records.expires(raw)
        if moment is not None:
            self.txn.delete(names.expiry(moment, name))

    # Tables.

    def count(self, table: str, by: int) -> None:
        """Note that so many records were added to a table; it exists from then on."""
        name = names.TABLE + names.encode_table(table)
        old = self.txn.get(name)
        if old is None:
            self.grew = True
        self.txn.put(name, _COUNT.pack((_COUNT.unpack(old)[0] if old else 0) + by))

    def has_table(self, table: str) -> bool:
        """Whether the table exists."""
        return self.txn.get(names.TABLE + names.encode_table(table)) is not None

    def size(self, table: str) -> int | None:
        """How many records the table has; None: it does not exist."""
        raw = self.txn.get(names.TABLE + names.encode_table(table))
        if raw is None:
            return None
        start = names.prefix(table)
        return int(_COUNT.unpack(raw)[0]) - sum(name.startswith(start) for _, name in self._expired())

    def tables(self) -> list[str]:
        """The names of all tables, sorted."""
        return [name[1:].decode("utf-8", "surrogatepass") for name, _ in self._under(names.TABLE)]

    def sizes(self) -> dict[str, int]:
        """How many records each table has."""
        return {table: self.size(table) or 0 for table in self.tables()}

    def scan(self, table: str, pattern: str | None = None) -> Iterator[tuple[Any, Record]]:
        """Keys and records of a table, the keys in the order of their bytes, that fit a glob pattern."""
        start = names.prefix(table)
        fits = names.fits(pattern)
        for found in names.ranges(start, pattern):
            for name, raw in self._under(found):
                if self.is_alive(raw):
                    record, long_key = records.decode(raw)
                    key = names.decode(long_key or name[len(start) :])
                    if fits(key):
                        yield key, record

    def clear(self, table: str) -> None:
        """Remove all records of a table."""
        start = names.prefix(table)
        removed = 0
        with self.txn.cursor() as cursor:
            while cursor.set_range(start):
                name, raw = cursor.item()
                if not name.startswith(start):
                    break
                cursor.delete()
                self._forget_expiry(name, raw)
                removed += 1
        if removed:
            self.count(table, -removed)

    def delete_table(self, table: str) -> bool:
        """Remove a table and all its records; False: there is none."""
        self.clear(table)
        return bool(self.txn.delete(names.TABLE + names.encode_table(table)))

    def sweep(self, limit: int = SWEEP) -> int:
        """Remove up to so many records that have expired; returns how many."""
        entries = self._expired(limit)
        for moment, name in entries:
            self.txn.delete(names.expiry(moment, name))
            if self.txn.pop(name) is not None:
                length = name[1]
                self.count(name[2 : 2 + length].decode("utf-8", "surrogatepass"), -1)
        return len(entries)

    def _expired(self, limit: int | None = None) -> list[tuple[int, bytes]]:
        """Moment and name of the records that have expired and are still there, the oldest first."""
        found: list[tuple[int, bytes]] = []
        end = int(self.now() * 1e6)
        for entry, _ in self._under(names.EXPIRY):
            moment, name = names.expired(entry)
            if moment > end or len(found) == limit:
                break
            found.append((moment, name))
        return found

    def _under(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Names that begin so, sorted, with what they hold."""
        with self.txn.cursor() as cursor:
            is_there = cursor.set_range(start)
            while is_there:
                name, raw = cursor.item()
                if not name.startswith(start):
                    return
                yield name, raw
                is_there = cursor.next()

    # Facts about the stash itself.

    def fact(self, name: bytes) -> bytes | None:
        """One of them."""
        found: bytes | None = self.txn.get(names.FACT + name)
        return found

    def set_fact(self, name: bytes, value: bytes) -> None:
        """Note one."""
        self.txn.put(names.FACT + name, value)

    def used(self) -> int:
        """Bytes that all records take, whole pages."""
        stat = self.txn.stat()
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return int(pages * stat["psize"])
