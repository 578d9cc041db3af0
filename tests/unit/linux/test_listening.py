"""Listening sockets: bound with their mode, group and owner, or inherited."""

import os
import socket
import stat
from pathlib import Path

import pytest

from supervisord_lite.linux.listening import Access, CannotListen, bind, inherit, is_served

root = pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")


def test_it_is_bound_with_its_mode_and_goes_with_its_listener(tmp_path: Path) -> None:
    """In place of one that nobody listens on any more."""
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    listener = bind(path, Access(0o660))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not is_served(path)
    listener.sock.listen()
    assert is_served(path)
    listener.close()
    assert not path.exists()
    assert not is_served(path)


@root
def test_it_is_given_away(tmp_path: Path) -> None:
    """To an owner and a group; what it opens to may change while it listens."""
    path = tmp_path / "sock"
    listener = bind(path, Access(0o600, "4", (65534, 65534)))
    found = path.stat()
    assert (found.st_uid, found.st_gid) == (65534, 4)
    listener.open_to(Access(0o666, None, (65534, 65534)))
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (65534, 65534, 0o666)
    listener.close()


def test_a_group_that_is_none_is_refused(tmp_path: Path) -> None:
    """In a sentence, and nothing is left behind."""
    with pytest.raises(CannotListen, match=r"^cannot give .*/sock to the group nowhere: no group is called"):
        bind(tmp_path / "sock", Access(0o600, "nowhere"))
    assert not (tmp_path / "sock").exists()


def test_what_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    """Somebody mistook the path."""
    (tmp_path / "precious").touch()
    with pytest.raises(CannotListen, match="it is there and no socket; use another path"):
        bind(tmp_path / "precious", Access(0o600))


def test_one_of_systemds_stays(tmp_path: Path) -> None:
    """Its path too; one that does not listen is none."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "sock"))
    with pytest.raises(CannotListen, match=r'^the socket "dirty" that systemd passed is no listening'):
        inherit(sock, "dirty")
    sock.listen()
    listener = inherit(sock, "dirty")
    assert listener.path == tmp_path / "sock"
    listener.open_to(Access(0o600, "nowhere"))
    listener.close()
    assert (tmp_path / "sock").exists()
