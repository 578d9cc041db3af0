"""What of an exception reaches callers and logs."""

import pytest

from supervisord_lite.pool.worker import diary


def raised(error: Exception) -> Exception:
    """The exception with a traceback of this file."""
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - any kind
        return caught


class Unspeakable(Exception):
    """Cannot even be printed."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "said"),
    [(ValueError("why"), "why"), (ValueError(), "ValueError"), (Unspeakable(), "Unspeakable")],
)
def test_exception_is_spelled(error: Exception, said: str) -> None:
    """By its message, or by its type."""
    assert diary.spell(error) == said


def test_traceback_begins_in_the_app() -> None:
    """And is cut in the middle where it is very long."""
    assert "test_diary.py" in diary.trace(raised(ValueError("why")))
    assert len(diary.trace(raised(ValueError("x" * 1_000_000)))) < 70_000
    assert diary.trace(raised(Unspeakable()))


def test_error_that_no_code_of_the_app_raised_has_no_traceback() -> None:
    """There is nothing in it for anybody."""
    assert diary.trace(ValueError("never raised")) == ""


def test_lines_go_to_the_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    """Whole, without levels where it is no journal, and strange characters as they can be shown."""
    diary.Diary("dirty", "dirty:1", None).say(3, "a\nb \ud800", "one\ntwo")
    assert capfd.readouterr().err == "dirty: worker dirty:1: a b \\ud800\none\ntwo\n"
