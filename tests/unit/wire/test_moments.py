"""Dates and times on the wire."""

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervisord_lite.wire import moments
from supervisord_lite.wire.values import Untransferable, pack, unpack


def sent(value: object) -> Any:
    """The value as it arrives."""
    return unpack(pack(value).document)


def test_an_ambiguous_hour_stays_on_its_side() -> None:
    """The second of two equal times on the wall is the second, under the rules of its zone."""
    moment = datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    arrived = sent(moment)
    assert (arrived.fold, arrived.tzinfo.key, arrived.utcoffset()) == (1, "Europe/Berlin", timedelta(hours=1))


def test_a_zone_that_is_not_known_here_keeps_its_offset() -> None:
    """A receiver without that file still has the same moment."""
    data = moments.pack_datetime(datetime(2024, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")))
    moved = moments.unpack_datetime(data.replace(b"Berlin", b"Ys"))
    assert (moved.utcoffset(), moved.tzname()) == (timedelta(hours=2), "Europe/Ys")
    clock = moments.pack_time(time(1, tzinfo=ZoneInfo("Europe/Berlin")))
    with pytest.raises(ValueError, match="'Europe/Ys' is not known here"):
        moments.unpack_time(clock.replace(b"Berlin", b"Ys"))


class Foreign(tzinfo):
    """A time zone of some library."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """Known for moments only."""
        return timedelta(hours=3) if moment else None

    def tzname(self, _moment: datetime | None) -> str:
        """Some name."""
        return "MSK"


def test_a_foreign_zone_arrives_as_its_offset() -> None:
    """The same moment, with the same name of its zone; a time without a date has none."""
    arrived = sent(datetime(2024, 1, 1, tzinfo=Foreign()))
    assert arrived.tzinfo == timezone(timedelta(hours=3), "MSK")
    assert arrived.tzname() == "MSK"
    with pytest.raises(Untransferable, match=r"its time zone has no fixed offset"):
        pack(time(1, tzinfo=Foreign()))


def test_a_timestamp_of_msgpack_is_a_datetime() -> None:
    """What others than this package write is understood."""
    assert unpack(b"\xd6\xff\0\0\0\0") == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_moment_of_a_library_with_nanoseconds_is_refused() -> None:
    """Nothing is lost without a word."""
    stamp = type("Timestamp", (datetime,), {"nanosecond": 5})(2024, 1, 1)
    with pytest.raises(Untransferable, match="its nanoseconds would be lost"):
        pack(stamp)
    assert sent([date(2024, 1, 1), uuid.UUID(int=5)]) == [date(2024, 1, 1), uuid.UUID(int=5)]
