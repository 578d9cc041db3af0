"""Which operations of the stash change nothing."""

import pytest

from supervisord_lite.dirty.stash import operations
from supervisord_lite.pool.arbiter.stash import is_read
from supervisord_lite.wire.header import V1, V2

READ = ["find", "find_many", "ttl", "keys", "items", "exists", "tables", "info", "about", "where"]
WRITTEN = [
    "put",
    "update",
    "delete",
    "pop",
    "setdefault",
    "incr",
    "clear",
    "ensure",
    "delete_table",
    "commit",
]


@pytest.mark.parametrize("name", READ)
def test_reads_are_known(name: str) -> None:
    """By the beginning of the request."""
    assert is_read(V2, operations.request(name, ["t", "k"]))


@pytest.mark.parametrize("name", WRITTEN)
def test_whatever_writes_is_none(name: str) -> None:
    """Its like in version 1 neither."""
    assert not is_read(V2, operations.request(name, ["t", "k"]))


def test_version_1_goes_by_numbers() -> None:
    """gunicorn's."""
    assert [number for number in range(12) if is_read(V1, {"op": number})] == [2, 4, 6, 9, 10]


@pytest.mark.parametrize("payload", [b"", b"\x92", b"\x91\xa4", b"\xff\xff", b"\x92\xd9\x04find"])
def test_garbage_is_no_read(payload: bytes) -> None:
    """It is found out where writes are done."""
    assert not is_read(V2, payload)
    assert not is_read(V1, {})
    assert not is_read(V1, {"op": "get"})
