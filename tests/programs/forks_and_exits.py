"""Leaves a process in a session of its own behind and exits, as a classic daemon does."""

import os
import signal


def main() -> None:
    """Fork, and exit when the child has its own session."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        print("left behind", os.getpid(), flush=True)
        os.write(writer, b"x")
        signal.pause()
    os.read(reader, 1)


if __name__ == "__main__":
    main()
