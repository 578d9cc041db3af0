"""A worker of a dirty pool: loads apps, and answers the calls that the arbiter sends down its lanes.

`main` is called in a process that a zygote forked. The zygote imports this package before its first fork, so
nothing here starts a thread, opens a descriptor or makes an event loop when it is imported.
"""

from .main import main as main
