"""The descriptors that a process is given, by their names."""

from supervisord_lite.supervise.handing import Handed, listening, streams


def test_the_streams_come_first() -> None:
    """As every process knows them."""
    assert streams([7, 8, 8]) == [Handed("stdin", 7), Handed("stdout", 8), Handed("stderr", 8)]


def test_listening_sockets_are_named_as_systemd_names_them() -> None:
    """Without any there is nothing to tell."""
    assert listening([]) == {}
    assert listening([Handed("public", 9), Handed("backstage", 4)]) == {
        "LISTEN_FDS": "2",
        "LISTEN_FDNAMES": "public:backstage",
    }
