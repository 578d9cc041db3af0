"""Where the control socket is when nobody says: one rule for the daemon and for `supctl`; and what is kept.

Never the working directory: a socket there is found, or taken over, by whoever stands in the same place.
"""

from collections.abc import Mapping

SOCKET_NAME = "control.sock"
PROJECT_DIRECTORY = "app-supervisor"
SYSTEM_SOCKET = f"/run/{PROJECT_DIRECTORY}/{SOCKET_NAME}"
SYSTEM_STATE = f"/var/lib/{PROJECT_DIRECTORY}"
STASH_NAME = "stash"


class NoRuntimeDirectory(LookupError):
    """Neither systemd nor the login session gives a directory for sockets, and the user is not root."""


class NoStateDirectory(LookupError):
    """Nothing says where to keep what is to outlive the daemon, and the user is not root."""


def default_control_socket(environ: Mapping[str, str], uid: int) -> str:
    """Return the path that the daemon listens on when the file has no `control_socket`.

    `$RUNTIME_DIRECTORY` is set by systemd (systemd.exec(5), RuntimeDirectory=; the first of a colon-separated
    list), `$XDG_RUNTIME_DIR` by the login session (pam_systemd(8)). Raises NoRuntimeDirectory.
    """
    places = _own_sockets(environ)
    if places:
        return places[0]
    if uid == 0:
        return SYSTEM_SOCKET
    raise NoRuntimeDirectory(
        "has no default, because the daemon is not root and neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is "
        "set to an absolute path; give the path of the socket"
    )


def candidate_control_sockets(environ: Mapping[str, str], uid: int) -> tuple[str, ...]:
    """Return the paths where a daemon may listen, nearest first, without looking whether one is there.

    An ordinary user's own daemon comes before the system's one; for root the system's one is nearer than that
    of a login session.
    """
    own = _own_sockets(environ)
    if uid == 0 and "RUNTIME_DIRECTORY" not in environ:
        return tuple(dict.fromkeys((SYSTEM_SOCKET, *own)))
    return tuple(dict.fromkeys((*own, SYSTEM_SOCKET)))


def state_directory(environ: Mapping[str, str], uid: int) -> str:
    """Return the directory for what is to be kept when the daemon stops.

    `$STATE_DIRECTORY` is set by systemd (systemd.exec(5), StateDirectory=; the first of a colon-separated
    list), `$XDG_STATE_HOME` by the user, with `~/.local/state` where it is not. Raises NoStateDirectory.
    """
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    session, home = environ.get("XDG_STATE_HOME", ""), environ.get("HOME", "")
    if state.startswith("/"):
        return state.rstrip("/")
    if session.startswith("/"):
        return f"{session.rstrip('/')}/{PROJECT_DIRECTORY}"
    if uid == 0:
        return SYSTEM_STATE
    if home.startswith("/"):
        return f"{home.rstrip('/')}/.local/state/{PROJECT_DIRECTORY}"
    raise NoStateDirectory(
        "has no default with persist = true, because none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set "
        "to an absolute path; give the path of a directory"
    )


def _own_sockets(environ: Mapping[str, str]) -> list[str]:
    runtime = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    session = environ.get("XDG_RUNTIME_DIR", "")
    places = []
    if runtime.startswith("/"):
        places.append(f"{runtime.rstrip('/')}/{SOCKET_NAME}")
    if session.startswith("/"):
        places.append(f"{session.rstrip('/')}/{PROJECT_DIRECTORY}/{SOCKET_NAME}")
    return places
