"""What fork servers and their children tell the daemon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire.reports import (
    MAX_LINE,
    Examined,
    Failed,
    Forked,
    ForkRefused,
    FromChild,
    FromServer,
    PreloadFailed,
    Prepared,
    Reader,
    ReportError,
    SetUp,
)
from supervisord_lite.zygote import telling

OF_SERVERS = [
    (telling.prepared(), Prepared()),
    (telling.prepared(1.25), Prepared(seconds=1.25)),
    (telling.prepared(0.5, ["a thread"]), Prepared(seconds=0.5, warnings=("a thread",))),
    (telling.preload_failed("no\nsuch “module”"), PreloadFailed("no\nsuch “module”")),
    (telling.forked(3, 4711), Forked(3, 4711)),
    (telling.fork_refused(2**40, 11), ForkRefused(2**40, 11)),
]
OF_CHILDREN = [
    (telling.SET_UP, SetUp()),
    (telling.failed("cannot execute\n/x"), Failed("cannot execute\n/x")),
    (telling.examined({"a:b": "ä"}), Examined({"a:b": "ä"})),
]


def of_servers() -> Reader[FromServer]:
    """The daemon's ear for fork servers."""
    return Reader[FromServer](FromServer)  # type: ignore[arg-type]


def of_children() -> Reader[FromChild]:
    """The daemon's ear for children."""
    return Reader[FromChild](FromChild)  # type: ignore[arg-type]


@pytest.mark.parametrize(("told", "report"), OF_SERVERS)
def test_what_a_fork_server_tells_is_understood(told: bytes, report: FromServer) -> None:
    """The side that imports nothing writes what the daemon reads."""
    assert of_servers().feed(told) == [report]


@pytest.mark.parametrize(("told", "report"), OF_CHILDREN)
def test_what_a_child_tells_is_understood(told: bytes, report: FromChild) -> None:
    """So does the child."""
    assert of_children().feed(told) == [report]


def test_reports_may_be_split_anywhere() -> None:
    """Whatever the pieces, the reports come out whole and in order."""
    stream = b"".join(told for told, _ in OF_CHILDREN)
    reports = [report for _, report in OF_CHILDREN]
    for cut in range(len(stream) + 1):
        reader = of_children()
        assert reader.feed(stream[:cut]) + reader.feed(stream[cut:]) == reports, f"split at {cut}"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b'{"type":"forked"}',
        b'{"type":"evil"}',
        b'{"type":"set-up"',
        b'{"type":"failed","error":"\xff"}',
        b'{"x":' + b"[" * 100_000,
    ],
    ids=[
        *("empty", "no_json", "no_object", "no_type", "of_others", "unknown_type", "cut_short", "no_utf8"),
        "too_deep",
    ],
)
def test_garbage_is_no_report(line: bytes) -> None:
    """Anybody's code may write to the channel: it is a report or a `ReportError`."""
    with pytest.raises(ReportError, match=r"^not a report: "):
        of_children().feed(line + b"\n")


def test_a_line_without_end_is_refused() -> None:
    """No child makes the daemon keep more than a line."""
    reader = of_children()
    assert reader.feed(b"x" * MAX_LINE) == []
    with pytest.raises(ReportError, match=r"^a report of more than 1048576 bytes$"):
        reader.feed(b"x")


@given(st.binary(max_size=200))
def test_any_bytes_are_reports_or_an_error(data: bytes) -> None:
    """Nothing else is raised."""
    try:
        of_children().feed(data)
    except ReportError:
        pass
