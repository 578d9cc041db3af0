"""Start of the process: `python -P -m supervisord_lite.pool.arbiter NAME`.

The daemon hands down two listening sockets, LISTEN_FDNAMES names them: "public", where clients call, and
"backstage", where the workers and the daemon connect.
"""

import gc
import os
import resource
import socket
import sys

from setproctitle import setproctitle

from supervisord_lite.pool.arbiter.arbiter import Arbiter
from supervisord_lite.pool.arbiter.log import Log
from supervisord_lite.pool.arbiter.signals import CAUGHT
from supervisord_lite.systemd.notify import Notifier

FIRST_FD = 3
NAMES = "public:backstage"
COLLECT = (100_000, 20, 50)
"""Nearly everything goes without the collector: it is to look seldom."""


def take_sockets() -> dict[str, socket.socket]:
    """The listening sockets by name (sd_listen_fds(3)); what names them leaves the environment."""
    names = os.environ.pop("LISTEN_FDNAMES", NAMES).split(":")
    for name in ("LISTEN_FDS", "LISTEN_PID"):
        os.environ.pop(name, None)
    found = {name: socket.socket(fileno=FIRST_FD + at) for at, name in enumerate(names)}
    for sock in found.values():
        sock.set_inheritable(False)
    return found


def name_process(pool: str) -> None:
    """What ps and top show."""
    setproctitle(f"dirty-arbiter [{pool}]")
    with open("/proc/self/comm", "w") as file:
        file.write("dirty-arbiter")


def main() -> None:
    """Route calls until SIGTERM."""
    pool = sys.argv[1]
    sockets = take_sockets()
    name_process(pool)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log = Log(pool, journal_stream=os.environ.get("JOURNAL_STREAM"))
    arbiter = Arbiter(pool, sockets["public"], sockets["backstage"], log, Notifier(None))
    arbiter.loop.catch(*CAUGHT)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
    arbiter.loop.run()
    arbiter.close()
