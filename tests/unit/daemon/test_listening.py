"""The control socket as the daemon's own."""

import os
import socket
import stat
from pathlib import Path

import pytest

from supervisord_lite.config.program import Supervisor
from supervisord_lite.daemon.listening import listen
from supervisord_lite.linux.listening import CannotListen
from tests.fakes.definitions import a_supervisor


def at(path: Path, **given: object) -> Supervisor:
    """A configuration with this control socket."""
    return a_supervisor(control_socket=str(path), **given)


def can_connect(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(path))
        except OSError:
            return False
    return True


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_it_is_bound_with_its_mode(tmp_path: Path, mode: int) -> None:
    """In the default directory that is made for it, and it goes with the daemon."""
    path = tmp_path / "app-supervisor" / "control.sock"
    control = listen(at(path, control_socket_mode=mode), {})
    assert stat.S_IMODE(path.stat().st_mode) == mode
    control.sock.listen()
    assert can_connect(path)
    control.close()
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
def test_its_group_is_set(tmp_path: Path) -> None:
    """For those who may connect."""
    control = listen(at(tmp_path / "sock", control_socket_group="4"), {})
    assert (tmp_path / "sock").stat().st_gid == 4
    control.close()


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """As long as the first one lives; then it takes over what that left behind."""
    path = tmp_path / "sock"
    first = listen(at(path), {})
    with pytest.raises(CannotListen, match=r"^another daemon is listening on .*; stop it first"):
        listen(at(path), {})
    assert path.exists()
    first.close()
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()
    listen(at(path), {}).close()


def test_what_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    """Somebody mistook the path."""
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(CannotListen, match="it is there and no socket; use another path"):
        listen(at(path), {})
    assert path.read_text() == "data"


def test_where_it_cannot_be_the_sentence_says_why(tmp_path: Path) -> None:
    """And what to set."""
    (tmp_path / "file").touch()
    with pytest.raises(CannotListen, match=r"^cannot listen on .*: (Not a directory|File exists); set "):
        listen(at(tmp_path / "file" / "sock"), {})


def test_an_inherited_socket_is_taken(tmp_path: Path) -> None:
    """By its name; it stays when the daemon goes, and others are left to others."""
    path = tmp_path / "systemd.sock"
    given, other = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    given.bind(str(path))
    given.listen()
    inherited = {"control": [given], "http": [other]}
    control = listen(at(tmp_path / "unused"), inherited)
    assert (control.sock, control.path) == (given, path)
    assert inherited == {"http": [other]}
    control.close()
    other.close()
    assert path.exists()
    assert not (tmp_path / "unused").exists()
