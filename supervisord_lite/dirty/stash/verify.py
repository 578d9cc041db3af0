"""Look through a stash: `python -m supervisord_lite.dirty.stash.verify DIRECTORY`.

Exit status 0: every record can be read. 3: it is damaged, and the last line on standard error says how.
"""

import struct
import sys
from collections import Counter
from typing import Any

import lmdb

from . import damage, names, records

LAYOUT = b"1"
"""What the fact `layout` says of the layout that `keys` and `records` describe."""


def verify(directory: str) -> str | None:
    """What is wrong; None: nothing. May be killed by what it finds."""
    try:
        with lmdb.open(directory, readonly=True, max_readers=4096) as opened, opened.begin() as txn:
            return _walk(txn)
    except lmdb.Error as error:
        if not damage.is_meant_by(error):
            raise
        return str(error)
    except (ValueError, IndexError, struct.error) as error:
        return f"a record cannot be read: {error}"


def _walk(txn: Any) -> str | None:
    layout = txn.get(names.FACT + b"layout")
    if layout not in (None, LAYOUT):
        return f"it has layout {layout!r}, and this version knows {LAYOUT!r}"
    noted: dict[bytes, int] = {}
    found: Counter[bytes] = Counter()
    expiring = 0
    for name, raw in txn.cursor():
        kind = name[:1]
        if kind == names.TABLE:
            noted[name[1:]] = int.from_bytes(raw, "big")
        elif kind == names.RECORD:
            record, long_key = records.decode(raw)
            names.decode(long_key or name[2 + name[1] :])
            expiring += record.expires is not None
            found[name[2 : 2 + name[1]]] += 1
        elif kind == names.EXPIRY:
            expiring -= 1
        elif kind != names.FACT:
            return f"it has something of an unknown kind {kind!r}"
    if expiring or any(noted.get(table) != count for table, count in found.items()):
        return "records and what is noted of them do not agree"
    return None


if __name__ == "__main__":
    problem = verify(sys.argv[1])
    if problem is not None:
        print(problem, file=sys.stderr)
        sys.exit(damage.DAMAGED)
