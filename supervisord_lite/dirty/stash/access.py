"""Who opens a stash itself: its owner, and whom `mode` and `group` of `[stash]` let write its file."""

import os

DATA = "data.mdb"


def is_open_to_us(directory: str) -> bool:
    """Whether this process opens it. All others reach it through a pool.

    root, who may write everywhere, does so only where it is the owner: a process of another identity that is
    stopped while it writes would stop all writers.
    """
    try:
        if os.stat(directory).st_uid == os.geteuid():
            return True
    except OSError:
        return False
    may = os.R_OK | os.W_OK
    return os.geteuid() != 0 and os.access(os.path.join(directory, DATA), may, effective_ids=True)
