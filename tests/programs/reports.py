"""Prints, as JSON, what a process can find out about itself, and runs."""

import json
import os
import resource

import runs


def main() -> None:
    """Report, then run. A descriptor that leads nowhere was that of the listing itself."""
    about = {name: getattr(os, f"get{name}")() for name in ("cwd", "uid", "gid", "groups", "pid", "ppid")}
    about |= {"umask": os.umask(0), "nice": os.nice(0), "nofile": resource.getrlimit(resource.RLIMIT_NOFILE)}
    fds = {fd: os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
    print("report", json.dumps(about | {"env": dict(os.environ), "fds": fds}), flush=True)
    runs.main()


main() if __name__ == "__main__" else None
