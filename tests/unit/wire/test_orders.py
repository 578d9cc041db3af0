"""What the daemon tells its fork servers and children."""

from supervisord_lite.wire.orders import CALL, EXEC, LENGTH, Setup


def as_dict(setup: Setup) -> dict[str, object]:
    """Every field by its name."""
    return {name: getattr(setup, name) for name in Setup.__slots__}


def test_a_setup_survives_the_way() -> None:
    """What is encoded is decoded, every field of it, surrogates of undecodable bytes included."""
    setup = Setup(
        EXEC,
        ("/bin/echo", "\udcff"),
        title="worker",
        daemon=7,
        env={"PATH": "/bin", "ODD": "\udcfe"},
        identity=(1000, 1001, (1001, 27)),
        cwd="/srv",
        umask=0o027,
        errors_prefixed=True,
    )
    data = setup.encode()
    (length,) = LENGTH.unpack(data[: LENGTH.size])
    assert length == len(data) - LENGTH.size
    assert as_dict(Setup.decode(data[LENGTH.size :])) == as_dict(setup)


def test_what_is_not_said_is_left_as_it_is() -> None:
    """By default a child changes nothing about itself."""
    setup = Setup(CALL, ("shop:run",), title="worker", daemon=7, env={})
    assert (setup.identity, setup.cwd, setup.umask) == (None, None, None)
    assert not setup.errors_prefixed
    assert not setup.errors_prefixed
