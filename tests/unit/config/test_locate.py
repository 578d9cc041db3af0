"""Where the control socket is when nobody says."""

import pytest

from supervisord_lite.config.locate import (
    NoRuntimeDirectory,
    candidate_control_sockets,
    default_control_socket,
)

XDG = "/run/user/1000/app-supervisor/control.sock"
SYSTEM = "/run/app-supervisor/control.sock"


@pytest.mark.parametrize(
    ("environ", "uid", "path"),
    [
        ({"RUNTIME_DIRECTORY": "/run/app"}, 0, "/run/app/control.sock"),
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b"}, 0, "/run/a/control.sock"),
        (
            {"RUNTIME_DIRECTORY": "/run/app", "XDG_RUNTIME_DIR": "/run/user/1000"},
            1000,
            "/run/app/control.sock",
        ),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, XDG),
        ({"RUNTIME_DIRECTORY": "relative", "XDG_RUNTIME_DIR": "/run/user/1000/"}, 1000, XDG),
        ({}, 0, SYSTEM),
    ],
)
def test_the_daemon_listens_in_a_runtime_directory(environ: dict[str, str], uid: int, path: str) -> None:
    """The runtime directory of the unit goes first, then the session's, then, as root, the system's."""
    assert default_control_socket(environ, uid) == path


@pytest.mark.parametrize("environ", [{}, {"XDG_RUNTIME_DIR": "relative"}, {"RUNTIME_DIRECTORY": ""}])
def test_there_is_no_default_in_the_working_directory(environ: dict[str, str]) -> None:
    """Without a runtime directory an ordinary user has to say where the socket is."""
    with pytest.raises(NoRuntimeDirectory, match="give the path"):
        default_control_socket(environ, 1000)


@pytest.mark.parametrize(
    ("environ", "uid", "paths"),
    [
        ({}, 1000, (SYSTEM,)),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, (XDG, SYSTEM)),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, 0, (SYSTEM, XDG)),
        ({"RUNTIME_DIRECTORY": "/run/app-supervisor"}, 0, (SYSTEM,)),
    ],
)
def test_supctl_looks_where_a_daemon_may_listen(
    environ: dict[str, str], uid: int, paths: tuple[str, ...]
) -> None:
    """An ordinary user's own daemon is nearer than the system's; for root it is the other way round."""
    assert candidate_control_sockets(environ, uid) == paths
