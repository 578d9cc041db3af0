"""The environment that programs get: the daemon's own, less what is between systemd and the daemon."""

from collections.abc import Mapping

from supervisord_lite.config.program import Program
from supervisord_lite.linux.identity import Account

PRIVATE = frozenset(
    {
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "LISTEN_PID",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
        "JOURNAL_STREAM",
        "SYSTEMD_EXEC_PID",
        "MAINPID",
        "FDSTORE",
    }
)
"""Variables by which systemd speaks to the daemon alone (systemd.exec(5))."""

COOKIE = "SUPERVISOR_COOKIE"
"""Marks everything that a program starts, so that orphans without a control group can be told apart."""


TITLE = "app-supervisor: "
"""What the title of every forked Python process begins with; the program's name follows."""

WORKER_TITLE = "dirty-worker ["
"""What the title of a pool's worker begins with; the pool's name, a bracket, and the worker's name follow."""


def named_by(title: str) -> str | None:
    """The program's name in the title of its process, or of one forked from that; None: it is no such."""
    if title.startswith(TITLE):
        return title.removeprefix(TITLE).split(" ")[0]
    if title.startswith(WORKER_TITLE):
        return title.partition("] ")[2].split(" ")[0]
    return None


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What every program inherits of the daemon's own environment."""
    return {name: value for name, value in environ.items() if name not in PRIVATE}


def difference(of: Mapping[str, str], has: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What somebody who has one environment must set and unset to have the other."""
    changed = {name: value for name, value in of.items() if has.get(name) != value}
    return changed, [name for name in has if name not in of]


def compose(
    base: Mapping[str, str], program: Program, account: Account | None, control_socket: str
) -> dict[str, str]:
    """The environment of one program: inherited, then the account's, then what says who it is, then its own.

    The names SUPERVISOR_PROCESS_NAME, SUPERVISOR_GROUP_NAME and SUPERVISOR_ENABLED are supervisord's.
    """
    known = {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": program.name,
        "SUPERVISOR_GROUP_NAME": program.group,
        "SUPERVISOR_INSTANCE": str(program.instance),
        "SUPCTL_SOCKET": control_socket,
        COOKIE: program.name,
    }
    if program.policy.watchdog_sec is not None:
        known["WATCHDOG_USEC"] = str(round(program.policy.watchdog_sec * 1e6))
    login = account.environment if account is not None else {}
    return {**base, **login, **known, **program.launch.env}
