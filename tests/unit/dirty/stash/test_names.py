"""Names in the tree."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.dirty.stash import names, records
from supervisord_lite.dirty.stash.records import Record

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
KEYS = (
    SCALARS | st.tuples(SCALARS, st.tuples(SCALARS)) | st.uuids() | st.decimals(allow_nan=False) | st.dates()
)
TABLES = st.text(max_size=50)


@given(KEYS)
def test_a_key_comes_back(key: Any) -> None:
    """As what it was."""
    back = names.decode(names.encode(key))
    assert (back, type(back)) == (key, type(key))


@given(TABLES, KEYS, TABLES, KEYS)
def test_every_key_has_a_name_of_its_own(table: str, key: Any, other_table: str, other: Any) -> None:
    """Different tables or keys never share one."""
    same = table == other_table and repr(key) == repr(other)
    assert (names.name(table, key) == names.name(other_table, other)) == same


@given(
    st.text(max_size=200).filter(lambda table: len(table.encode()) <= 200),
    st.text(min_size=300, max_size=3000),
)
def test_no_name_is_too_long(table: str, key: str) -> None:
    """LMDB takes 511 bytes, also for the note of when it expires, which leads back to the record."""
    name, encoded = names.name(table, key)
    entry = names.expiry(2**62, name)
    assert len(entry) <= 511
    assert names.expired(entry) == (2**62, name)
    assert not encoded or names.decode(encoded) == key


@given(st.text(), st.text())
def test_text_is_sorted_as_text(one: str, other: str) -> None:
    """The order of the names is that of the keys."""
    assert (names.encode(one) < names.encode(other)) == (one < other)


@given(st.integers(0, 2**62), st.integers(0, 2**62))
def test_what_expires_first_comes_first(one: int, other: int) -> None:
    """A sweep begins at the beginning."""
    assert (names.expiry(one, b"\x02zz") < names.expiry(other, b"\x02aa")) == (
        one <= other and one != other
    ) or (one == other)


@given(st.binary(), st.none() | st.integers(0, 2**63), st.binary())
def test_a_record_comes_back(document: bytes, expires: int | None, key: bytes) -> None:
    """With its time and its key."""
    raw = records.encode(document, expires, key)
    assert records.decode(raw) == (Record(document, expires), key)
    assert records.expires(raw) == expires


@given(st.binary(), st.none() | st.integers(0, 2**63), st.binary(), st.none() | st.integers(0, 2**63))
def test_a_record_is_known_by_its_digest(
    one: bytes, expires: int | None, other: bytes, others: int | None
) -> None:
    """Which is another one for another value or another time, and none for no record."""
    digests = records.digest(Record(one, expires)), records.digest(Record(other, others))
    assert (digests[0] == digests[1]) == ((one, expires) == (other, others))
    assert records.digest(None) == b""
