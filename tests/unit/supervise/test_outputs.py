"""Where a program's output goes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.config.program import Launch
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.systemd.journal import SOCKET
from tests.fakes.definitions import a_program


class Files:
    """A log writer that takes anything, and remembers for whom."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.asked: list[tuple[str, tuple[int, int] | None]] = []

    def writer(self, path: str, owner: tuple[int, int] | None) -> int:
        if path == "/nowhere/log":
            raise FileNotFoundError(2, "No such file or directory", path)
        self.asked.append((path, owner))
        return self.writing

    def close(self) -> None:
        """Both ends of its pipe."""
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def files() -> Iterator[Files]:
    """Whose descriptors go with the test."""
    made = Files()
    yield made
    made.close()


def a_launch(**given: str) -> Launch:
    """With these outputs."""
    return a_program(**given).launch  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "destinations"),
    [
        ({}, ("inherit", "inherit")),
        ({"stdout": "/log"}, ("/log", "inherit")),
        ({"stdout": "/log", "stderr": "stdout"}, ("/log", "/log")),
        ({"stderr": "stdout"}, ("inherit", "inherit")),
        ({"stdout": "journal", "stderr": "/errors"}, ("journal", "/errors")),
    ],
)
def test_destinations_have_a_default(
    files: Files, given: dict[str, str], destinations: tuple[str, str]
) -> None:
    """What is not said goes where the daemon's own output goes."""
    outputs = Outputs("inherit", "", files)
    assert outputs.destinations(a_launch(**given)) == destinations


def test_inherited_streams_are_the_daemons_own(files: Files) -> None:
    """Standard input is empty."""
    stdio = Outputs("inherit", "", files).open(a_launch(), "worker", None)
    assert stdio.fds[1:] == [1, 2]
    assert os.read(stdio.fds[0], 1) == b""
    assert stdio.journal_stream is None
    stdio.close()


def test_a_file_is_asked_for_once_for_both(files: Files) -> None:
    """With the owner, and its descriptor stays the log writer's."""
    launch = a_launch(stdout="/log", stderr="stdout")
    stdio = Outputs("inherit", "", files).open(launch, "worker", (5, 6))
    assert stdio.fds[1] == stdio.fds[2] == files.writing
    assert files.asked == [("/log", (5, 6))]
    stdio.close()
    os.fstat(files.writing)


def test_standard_error_of_the_daemon_stays_standard_error(files: Files) -> None:
    """A file for one stream leaves the other where it is."""
    stdio = Outputs("inherit", "", files).open(a_launch(stdout="/log"), "worker", None)
    assert stdio.fds[1:] == [files.writing, 2]
    stdio.close()


def test_a_file_that_cannot_be_had_leaves_nothing_open(files: Files) -> None:
    """The error is the caller's."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        Outputs("inherit", "", files).open(a_launch(stdout="/nowhere/log"), "worker", None)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(Path(SOCKET).exists(), reason="a journal runs here")
def test_without_a_journal_output_goes_where_the_daemons_goes(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """A program is not kept from running by it, and the log says so."""
    stdio = Outputs("journal", "unit", files).open(a_launch(), "worker", None)
    assert stdio.fds[1] == 1
    assert stdio.journal_stream is None
    assert "worker: the journal takes no streams: " in caplog.messages[0]
    stdio.close()
