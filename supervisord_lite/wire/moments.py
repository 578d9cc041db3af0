"""Dates, times and durations as bytes; `fold` and the name of a time zone survive."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from struct import Struct

from supervisord_lite.wire.errors import Refused

_DATE = Struct(">HBB")
_TIME = Struct(">BBBIB")
_DATETIME = Struct(">HBBBBBIB")
"""Year, month, day, hour, minute, second, microsecond, fold."""
_DURATION = Struct(">iII")
"""Days (the only one that may be negative), seconds, microseconds; also an offset from UTC."""

_UTC = b"\x01"
_OFFSET = b"\x02"
_NAMED_OFFSET = b"\x03"
_ZONE = b"\x04"
_ZONE_WITHOUT_OFFSET = b"\x05"


def pack_date(value: date) -> bytes:
    """Year, month, day."""
    return _DATE.pack(value.year, value.month, value.day)


def unpack_date(data: bytes) -> date:
    """Raises `struct.error` or `ValueError`."""
    return date(*_DATE.unpack(data))


def pack_duration(value: timedelta) -> bytes:
    """Days, seconds, microseconds."""
    return _DURATION.pack(value.days, value.seconds, value.microseconds)


def unpack_duration(data: bytes) -> timedelta:
    """Raises `struct.error` or `OverflowError`."""
    return timedelta(*_DURATION.unpack(data))


def pack_datetime(value: datetime) -> bytes:
    """What the calendar and the clock on the wall show, and the zone. Raises `Refused`."""
    if getattr(value, "nanosecond", 0):
        raise Refused("its nanoseconds would be lost: send it as a numpy.datetime64")
    day = (value.year, value.month, value.day)
    shown = _DATETIME.pack(*day, value.hour, value.minute, value.second, value.microsecond, value.fold)
    return shown if value.tzinfo is None else shown + _pack_zone(value.tzinfo, value)


def unpack_datetime(data: bytes) -> datetime:
    """Raises `struct.error`, `ValueError` or `OverflowError`."""
    year, month, day, hour, minute, second, micro, fold = _DATETIME.unpack_from(data)
    zone = _unpack_zone(data[_DATETIME.size :])
    return datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)


def pack_time(value: time) -> bytes:
    """What the clock shows, and the zone. Raises `Refused`."""
    shown = _TIME.pack(value.hour, value.minute, value.second, value.microsecond, value.fold)
    return shown if value.tzinfo is None else shown + _pack_zone(value.tzinfo, value)


def unpack_time(data: bytes) -> time:
    """Raises `struct.error` or `ValueError`."""
    hour, minute, second, micro, fold = _TIME.unpack_from(data)
    return time(hour, minute, second, micro, _unpack_zone(data[_TIME.size :]), fold=fold)


def _pack_zone(zone: tzinfo, moment: datetime | time) -> bytes:
    """A fixed offset with its name, or a zone of the IANA database by its key and, in case, its offset."""
    if zone is UTC:
        return _UTC
    if type(zone) is timezone:
        offset, *name = zone.__getinitargs__()  # type: ignore[attr-defined]
        return (_NAMED_OFFSET if name else _OFFSET) + pack_duration(offset) + "".join(name).encode()
    known = moment.utcoffset()
    key = getattr(zone, "key", None)
    if type(zone).__module__ == "zoneinfo" and isinstance(key, str):
        if known is None:
            return _ZONE_WITHOUT_OFFSET + key.encode()
        return _ZONE + pack_duration(known) + key.encode()
    if known is None:
        raise Refused("its time zone has no fixed offset: use a datetime.timezone")
    return _NAMED_OFFSET + pack_duration(known) + (moment.tzname() or "").encode()


def _unpack_zone(data: bytes) -> tzinfo | None:
    """The zone that these bytes, behind what is shown, are. Raises `ValueError`, `struct.error`."""
    if not data:
        return None
    kind = data[:1]
    if kind == _UTC and len(data) == 1:
        return UTC
    if kind == _ZONE_WITHOUT_OFFSET:
        return _zone(str(data[1:], "utf-8"), None)
    offset = unpack_duration(data[1:13])
    name = str(data[13:], "utf-8")
    if kind == _OFFSET and not name:
        return timezone(offset)
    if kind == _NAMED_OFFSET:
        return timezone(offset, name)
    if kind == _ZONE:
        return _zone(name, offset)
    raise ValueError(f"a time zone of kind {kind!r} is not known here")


def _zone(key: str, offset: timedelta | None) -> tzinfo:
    """The zone of this key; where its rules are not to be found here, the offset that it had."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        if offset is None:
            raise ValueError(f"the time zone {key[:80]!r} is not known here") from None
        return timezone(offset, key)
