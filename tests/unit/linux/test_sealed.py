"""Sealed memory, against the kernel."""

import errno
import fcntl
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.linux import sealed
from supervisord_lite.linux.sealed import NotSealed
from supervisord_lite.wire.errors import WireError

ALL = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    """Every test closes what it opened, and `read` what it was given."""
    before = os.listdir("/proc/self/fd")
    yield
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def is_open(fd: int) -> bool:
    """Whether there is such a descriptor."""
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def an_unsealed_memfd(seals: int = 0) -> int:
    """Memory with some seals only."""
    fd = os.memfd_create("test", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, b"data")
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


@pytest.mark.parametrize(
    "parts",
    [
        [b"abc"],
        [b"", b"abc", memoryview(b"def"), b""],
        [],
        [b"x"] * 3000,
        [memoryview(b"abcdefgh").cast("I")],
    ],
    ids=["one", "several", "none", "more_than_writev_takes", "of_other_items"],
)
def test_what_is_written_is_read(parts: list[bytes | memoryview]) -> None:
    """One part behind the other."""
    assert sealed.read(sealed.write(parts), 10_000) == b"".join(parts)


def test_what_is_written_is_sealed() -> None:
    """Nobody changes it, its size or its seals; it is not passed on, and cannot be run."""
    fd = sealed.write([b"abc"])
    assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) & ALL == ALL
    assert not os.get_inheritable(fd)
    with pytest.raises(PermissionError):
        os.pwrite(fd, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(fd, 1)
    os.close(fd)


def test_what_is_read_is_private() -> None:
    """It can be written to, and others who have the descriptor see nothing of it."""
    fd = sealed.write([b"abc"])
    mine = sealed.read(os.dup(fd), 10)
    other = sealed.read(fd, 10)
    mine[0] = ord("x")
    assert (bytes(mine), bytes(other)) == (b"xbc", b"abc")


def test_memory_lives_as_long_as_a_view_of_it() -> None:
    """And takes no descriptor; when the last view is gone, so is the memory."""
    size = 3 * 2**20
    view = sealed.read(sealed.write([bytes(size - 1), b"z"]), size)[size - 10 :]
    gc.collect()
    assert view[-1] == ord("z")
    assert mapped() == 1
    del view
    gc.collect()
    assert mapped() == 0


def mapped() -> int:
    """How many memfds of this module's are mapped into this process."""
    return Path("/proc/self/maps").read_text().count("/memfd:body")


@pytest.mark.parametrize(
    "seals", [0, ALL & ~fcntl.F_SEAL_WRITE, ALL & ~fcntl.F_SEAL_SHRINK, fcntl.F_SEAL_SEAL]
)
def test_memory_that_can_change_is_refused(seals: int) -> None:
    """A reader would see it change, or be killed by SIGBUS; the descriptor is closed all the same."""
    fd = an_unsealed_memfd(seals)
    with pytest.raises(NotSealed, match="is not sealed: add all seals"):
        sealed.read(fd, 100)
    assert not is_open(fd)


def test_a_file_or_a_pipe_is_refused(tmp_path: Path) -> None:
    """Only memory has seals."""
    (tmp_path / "file").write_bytes(b"data")
    read, write = os.pipe()
    os.close(write)
    for fd in (os.open(tmp_path / "file", os.O_RDONLY), read):
        with pytest.raises(NotSealed, match=r"not a memfd|not sealed"):
            sealed.read(fd, 100)
        assert not is_open(fd)


def test_memory_that_cannot_be_read_is_refused() -> None:
    """However well it is sealed."""
    fd = sealed.write([b"abc"])
    only_written = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    os.close(fd)
    with pytest.raises(NotSealed, match="not open for reading"):
        sealed.read(only_written, 100)


def test_more_than_the_limit_is_refused() -> None:
    """Before it is mapped, and with both numbers; the limit itself is allowed."""
    fd = sealed.write([b"abc"])
    with pytest.raises(WireError, match="a body of 3 bytes is over the limit of 2"):
        sealed.read(fd, 2)
    assert not is_open(fd)
    assert sealed.read(sealed.write([b"abc"]), 3) == b"abc"


def test_a_part_that_is_no_memory_leaves_no_descriptor() -> None:
    """What fails half way is closed."""
    with pytest.raises(AttributeError):
        sealed.write([b"abc", 5])  # type: ignore[list-item]


def test_the_refusal_of_the_kernel_is_an_os_error() -> None:
    """A descriptor that is none."""
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        sealed.read(10**6, 1)
    assert caught.value.errno == errno.EBADF
