"""The target that the daemon starts a worker with."""

import atexit
import os
import sys

from . import diary, orders
from .worker import INIT_FAILED, Worker


def main() -> None:
    """Be a worker, as the environment says; in a fork of the zygote."""
    status = Worker(orders.take(os.environ), os.environ.get("JOURNAL_STREAM")).run()
    if status == INIT_FAILED:
        # Without waiting for the threads that what failed has left behind.
        atexit._run_exitfuncs()
        diary.flush()
        os._exit(status)
    sys.exit(status)
