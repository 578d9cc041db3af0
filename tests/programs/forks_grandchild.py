"""Starts a process in a session of its own, says its pid, and runs."""

import os
import signal

import runs


def main() -> None:
    """Fork, then run."""
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("grandchild", os.getpid(), flush=True)
        signal.pause()
    runs.main()


main() if __name__ == "__main__" else None
