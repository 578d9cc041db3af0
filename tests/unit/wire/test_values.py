"""Bodies of version 2: what goes in comes out."""

import enum
from collections import Counter, OrderedDict, namedtuple
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire import values
from supervisord_lite.wire.values import WireError, pack, unpack

ZONES = st.sampled_from(
    [None, UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"), timezone(timedelta(hours=5.5))]
) | (
    st.builds(timezone, st.timedeltas(-timedelta(hours=23), timedelta(hours=23)), st.text("ABC", max_size=3))
)
MOMENTS = (
    st.datetimes(timezones=ZONES, allow_imaginary=True)
    | (st.datetimes(timezones=ZONES).map(lambda moment: moment.replace(fold=1)))
    | st.dates()
    | st.times(timezones=ZONES)
    | st.timedeltas()
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=[]), max_size=10)
    | st.binary(max_size=10)
    | MOMENTS
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
)
KEYS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=15,
)


def sent(value: object, **options: Any) -> Any:
    """The value as it arrives."""
    packed = pack(value, **options)
    return unpack(packed.document, packed.buffers)


def told(value: Any) -> str:
    """Everything that is to survive, types included, as a text that does not depend on the order of sets."""
    if isinstance(value, list | tuple):
        inner = ", ".join(map(told, value))
    elif isinstance(value, dict):
        inner = ", ".join(f"{told(key)}: {told(item)}" for key, item in value.items())
    elif isinstance(value, set | frozenset):
        inner = ", ".join(sorted(map(told, value)))
    else:
        inner = repr(value)
    return f"{type(value).__name__}({inner})"


@given(VALUES)
def test_a_value_arrives_as_what_it_was(value: Any) -> None:
    """Equal, and of the same types, however it is nested."""
    assert told(sent(value)) == told(value)


@given(VALUES)
def test_a_body_may_be_read_from_a_view(value: Any) -> None:
    """As it is where it came in a long message."""
    assert told(unpack(memoryview(pack(value, inline=True).document))) == told(value)


@pytest.mark.parametrize(
    "number", [2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**5000], ids=hex
)
def test_integers_have_any_size(number: int) -> None:
    """msgpack's own types end at 64 bits."""
    assert sent(number) == number


def test_values_nest_a_thousand_deep() -> None:
    """On both sides, and whatever the container."""
    for container in (list, tuple, frozenset):
        value: Any = container()
        for _ in range(values.MAX_DEPTH - 1):
            value = container([value])
        assert pack(sent(value)) == pack(value)


def test_a_special_decimal_stays_special() -> None:
    """Signs, exponents and payloads of what is not a number survive."""
    specials = ["NaN", "sNaN12", "-Infinity", "-0", "1.20", "1E+1000"]
    assert [str(sent(Decimal(text))) for text in specials] == specials


Point = namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    """A number with a name."""

    RED = 2**70


class Word(enum.StrEnum):
    """A string with a name."""

    YES = "yes"


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aa"), {"a": 2}),
        (Point(1, 2), (1, 2)),
        (Colour.RED, 2**70),
        (Word.YES, "yes"),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (type("Bytes", (bytes,), {})(b"x"), b"x"),
        (type("Set", (set,), {})([1]), {1}),
        (type("Float", (float,), {})(-0.0), -0.0),
        (type("List", (list,), {})([1]), [1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_derived_arrives_as_what_it_is_derived_from(value: object, arrives: object) -> None:
    """Subclasses of what can travel do so without what they add."""
    assert told(sent([value])) == told([arrives])


def test_pickle_has_to_be_asked_for() -> None:
    """A serializer is chosen by its number; an unknown one is refused."""
    assert values.codec(0) == (pack, unpack)
    pickled, unpickled = values.codec(1)
    assert unpickled(pickled({Colour.RED}).document, ()) == {Colour.RED}
    with pytest.raises(WireError, match="serializer 2 is not known here, only 0 "):
        values.codec(2)
