"""gunicorn's dirty arbiter alone, without its web server: SOCKET WORKERS APP."""

import os
import signal
import sys

from gunicorn.config import Config
from gunicorn.dirty.arbiter import DirtyArbiter
from gunicorn.glogging import Logger

config = Config()
config.set("dirty_apps", [sys.argv[3]])
config.set("dirty_workers", int(sys.argv[2]))
config.set("loglevel", "warning")
arbiter = DirtyArbiter(config, Logger(config), socket_path=sys.argv[1])
child = os.fork()  # it ends when the process that made it is not its parent
if not child:
    arbiter.run()
    os._exit(0)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
os.waitpid(child, 0)
