"""Durations, signals, modes, limits and codes: what is accepted, and what a refusal says."""

import math
import signal

import pytest

from supervisord_lite.config.duration import Duration, Interval, Span, Timeout
from supervisord_lite.config.number import (
    ExitCodes,
    Instances,
    MaxRestarts,
    Mode,
    Nice,
    RlimitPair,
    rlimit_name,
)
from supervisord_lite.config.signals import MaybeSignal, Signal
from supervisord_lite.config.size import Limit, MessageSize, Size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (5, 5.0),
        (2.5, 2.5),
        (0, 0.0),
        ("5", 5.0),
        ("90s", 90.0),
        ("5min", 300.0),
        ("1h 30s", 3630.0),
        ("2 h", 7200.0),
        ("500ms", 0.5),
        ("55s500ms", 55.5),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("300ms20s 5day", 5 * 86400 + 20.3),
        ("1w", 604800.0),
        ("1M", 30.44 * 86400),
        ("2y", 2 * 365.25 * 86400),
        ("10us", 1e-5),
        (" 7 sec ", 7.0),
    ],
)
def test_durations_are_read_as_systemd_reads_them(written: object, seconds: float) -> None:
    """A duration is a number of seconds or what systemd.time(7) describes."""
    assert Duration.parse(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("", 'not ""'),
        ("soon", 'not "soon"'),
        ("5 parsecs", 'unknown unit "parsecs"'),
        ("5 mins", 'did you mean "min"?'),
        ("-5s", 'not "-5s"'),
        (-1, "not -1"),
        (math.nan, "not nan"),
        ("5min later", "5min later"),
        (True, "not true"),
        ([5], "not a list"),
        ("infinity", 'not "infinity"'),
    ],
)
def test_bad_durations_are_refused_with_an_example(written: object, part: str) -> None:
    """A refused duration is repeated, beside an example of a good one."""
    with pytest.raises(ValueError, match="must be a duration such as") as caught:
        Duration.parse(written)
    assert part in str(caught.value)


@pytest.mark.parametrize("written", ["infinity", math.inf])
def test_a_limit_can_be_off(written: object) -> None:
    """Where a limit may be off, infinity says so."""
    assert Timeout.parse(written) == math.inf
    assert Timeout.parse(written).written == "infinity"


def test_a_span_is_longer_than_nothing() -> None:
    """Zero is refused where it would mean that nothing can ever be in time."""
    with pytest.raises(ValueError, match='more than 0; write "infinity"'):
        Span.parse(0)


@pytest.mark.parametrize("written", [False, "off", 0, "0", "infinity"])
def test_an_interval_can_be_off(written: object) -> None:
    """A watchdog is off with false, "off", 0 and "infinity" alike."""
    assert Interval.parse(written) == 0
    assert Interval.parse(written).written == "off"


@pytest.mark.parametrize("written", [True, "on"])
def test_an_interval_cannot_just_be_on(written: object) -> None:
    """ "On" without a time is refused."""
    with pytest.raises(ValueError, match='or "off"'):
        Interval.parse(written)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("SIGTERM", 15),
        ("TERM", 15),
        ("term", 15),
        (15, 15),
        ("15", 15),
        ("SIGRTMIN+3", signal.SIGRTMIN + 3),
        ("RTMAX-1", signal.SIGRTMAX - 1),
        ("SIGRTMIN", signal.SIGRTMIN),
    ],
)
def test_signals_have_names_and_numbers(written: object, number: int) -> None:
    """A signal is named with or without SIG, or numbered."""
    assert Signal.parse(written) == number


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("SIGTREM", 'did you mean "SIGTERM"?'),
        (0, "0 is no signal"),
        (99, "99 is no signal"),
        ("SIGRTMIN+99", "no signal"),
        (True, "not true"),
        (1.5, "not 1.5"),
    ],
)
def test_bad_signals_are_refused(written: object, part: str) -> None:
    """A signal that cannot be sent is refused, with the nearest name."""
    with pytest.raises(ValueError, match="must be a signal such as") as caught:
        Signal.parse(written)
    assert part in str(caught.value)


def test_a_reload_signal_can_be_off() -> None:
    """A default reload signal can be taken back."""
    assert MaybeSignal.parse("off") == 0
    assert MaybeSignal.parse(False) == 0
    assert MaybeSignal.parse("HUP") == 1


@pytest.mark.parametrize(
    ("written", "bits"), [("0600", 0o600), ("600", 0o600), ("0o22", 0o22), (0o660, 0o660)]
)
def test_modes_are_octal(written: object, bits: int) -> None:
    """A mode is an octal string or a TOML integer."""
    assert Mode.parse(written) == bits


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("0888", '"0888"'),
        (600, 'write "0600"'),
        ("7777", '"7777"'),
        (-1, "-1"),
        (True, "true"),
        ("rw", '"rw"'),
    ],
)
def test_bad_modes_are_refused(written: object, part: str) -> None:
    """What is no mode is refused, and a decimal one is written out in octal."""
    with pytest.raises(ValueError, match="must be an octal mode") as caught:
        Mode.parse(written)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("written", "pair"),
    [
        (4096, (4096, 4096)),
        ("4096", (4096, 4096)),
        ("512M", (2**29, 2**29)),
        ("1.5K", (1536, 1536)),
        ("1GiB", (2**30, 2**30)),
        ("infinity", (-1, -1)),
        ("1G:infinity", (2**30, -1)),
        ("100:200", (100, 200)),
        (0, (0, 0)),
    ],
)
def test_limits_have_a_soft_and_a_hard_side(written: object, pair: tuple[int, int]) -> None:
    """One value sets both limits, "soft:hard" each; sizes count base 1024."""
    assert RlimitPair.parse(written) == pair


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("200:100", "soft limit above the hard one"),
        ("infinity:5", "soft limit above the hard one"),
        ("1:2:3", '"1:2:3"'),
        ("5Q", 'not "Q"'),
        ("512MB", 'not "MB"'),
        (-2, "-2"),
        (2**64, str(2**64)),
        (True, "true"),
        ("", '""'),
    ],
)
def test_bad_limits_are_refused(written: object, part: str) -> None:
    """A limit that setrlimit(2) would refuse, or that is none, is refused."""
    with pytest.raises(ValueError, match="must") as caught:
        RlimitPair.parse(written)
    assert part in str(caught.value)


@pytest.mark.parametrize("key", ["nofile", "NOFILE", "RLIMIT_NOFILE", "LimitNOFILE"])
def test_limits_are_known_by_all_their_names(key: str) -> None:
    """The names of getrlimit(2), setrlimit's constants and systemd's settings all name a limit."""
    RlimitPair.check_key(key)
    assert rlimit_name(key) == "nofile"


def test_an_unknown_limit_is_answered_with_the_nearest() -> None:
    """A misspelt limit is refused with the one that was probably meant."""
    with pytest.raises(ValueError, match='did you mean "nofile"'):
        RlimitPair.check_key("nofle")


def test_exit_codes_are_a_sorted_set() -> None:
    """Codes may be written in any order, and one alone without a list."""
    assert ExitCodes.parse([2, 0, 2]) == (0, 2)
    assert ExitCodes.parse(75) == (75,)


@pytest.mark.parametrize("written", [[256], [-1], ["0"], [True], "0"])
def test_bad_exit_codes_are_refused(written: object) -> None:
    """An exit code is an integer from 0 to 255."""
    with pytest.raises(ValueError, match="from 0 to 255"):
        ExitCodes.parse(written)


def test_numbers_have_bounds() -> None:
    """A number out of bounds is refused with the bounds."""
    assert Nice.parse(-20) == -20
    assert Instances.parse(0) == 0
    with pytest.raises(ValueError, match="from -20 to 19, not 20"):
        Nice.parse(20)
    with pytest.raises(ValueError, match="not true"):
        Instances.parse(True)


def test_restarts_may_be_unlimited() -> None:
    """A default number of restarts can be taken back."""
    assert MaxRestarts.parse("unlimited") == -1
    assert MaxRestarts.parse(0) == 0
    with pytest.raises(ValueError, match='0 or more, or "unlimited"'):
        MaxRestarts.parse(-1)


@pytest.mark.parametrize(
    ("written", "number", "spelling"),
    [
        ("64M", 64 * 2**20, "64M"),
        ("64 MiB", 64 * 2**20, "64M"),
        (4096, 4096, "4K"),
        ("1.5k", 1536, "1536"),
        (0, 0, "0"),
        ("1G", 2**30, "1G"),
    ],
)
def test_sizes_are_read_as_systemd_reads_them(written: object, number: int, spelling: str) -> None:
    """A size is a number of bytes or what systemd.exec(5) describes, and the docs show its shortest form."""
    size = Size.parse(written)
    assert size == number
    assert size.written == spelling


@pytest.mark.parametrize("written", [True, 1.5, "", "M", "-1", -1, 2**63, [], "infinity"])
def test_what_is_no_size_is_refused(written: object) -> None:
    """A refusal says how a size is written."""
    with pytest.raises(ValueError, match="must be a size such as"):
        Size.parse(written)


def test_a_size_too_small_is_a_forgotten_unit() -> None:
    """What cannot have been meant is refused with what probably was."""
    with pytest.raises(ValueError, match='at least 1K, and 64 is 64 bytes; did you mean "64M"'):
        MessageSize.parse(64)


def test_a_limit_of_memory_can_be_off() -> None:
    """No limit is written as everywhere else."""
    assert [Limit.parse(written) for written in (False, "off", "infinity", 0x100000)] == [0, 0, 0, 2**20]
    assert Limit(0).written == "off"
